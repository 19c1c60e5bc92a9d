import type { IAuthenticateGeneric, ICredentialTestRequest, ICredentialType, INodeProperties } from 'n8n-workflow'

/** Where Failwise is and the token for it. n8n wants a class whose name is the file's. */
export class FailwiseApi implements ICredentialType {
  name = 'failwiseApi'
  displayName = 'Failwise API'
  properties: INodeProperties[] = [
    {
      displayName: 'Address',
      name: 'url',
      type: 'string',
      default: 'http://127.0.0.1:8080',
      required: true,
      description: 'Such as https://failwise.example, without a path',
    },
    {
      displayName: 'Token',
      name: 'token',
      type: 'string',
      typeOptions: { password: true },
      default: '',
      required: true,
      description:
        'A token of its own with the scopes that the workflow needs: ingest to send alerts, read to read decisions',
    },
  ]
  authenticate: IAuthenticateGeneric = {
    type: 'generic',
    properties: { headers: { Authorization: '=Bearer {{$credentials.token}}' } },
  }
  test: ICredentialTestRequest = {
    request: { baseURL: '={{$credentials.url}}', url: '/v1/decisions', qs: { limit: 1 } },
  }
}
