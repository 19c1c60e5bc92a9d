import { readFileSync } from 'node:fs'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { z } from 'zod'
import { Fault } from '../lib/errors.ts'
import type { Http } from '../lib/http.ts'
import type { SecretSources } from './secrets.ts'

const TIMEOUT_MS = 10_000

const Fields = z.record(z.string(), z.unknown())
/** The second version of the key-value engine wraps the fields once more. */
const VaultAnswer = z.object({ data: z.union([z.object({ data: Fields, metadata: Fields }), Fields]) })

/** Vault by VAULT_ADDR and VAULT_TOKEN (or VAULT_TOKEN_FILE, which its agent keeps fresh), AWS by what the SDK finds. */
export function secretSources(environment: Readonly<Record<string, string | undefined>>, http: Http): SecretSources {
  return {
    async vault(path) {
      const { VAULT_ADDR, VAULT_NAMESPACE } = environment
      if (!VAULT_ADDR) throw new Fault('usage', 'VAULT_ADDR is not set')
      const response = await http(
        {
          method: 'GET',
          url: `${VAULT_ADDR.replace(/\/+$/, '')}/v1/${path.split('/').map(encodeURIComponent).join('/')}`,
          headers: {
            'x-vault-token': vaultToken(environment),
            'x-vault-request': 'true',
            ...(VAULT_NAMESPACE && { 'x-vault-namespace': VAULT_NAMESPACE }),
          },
        },
        AbortSignal.timeout(TIMEOUT_MS),
      )
      if (response.status !== 200) throw new Fault('upstream_refused', `Vault answered ${response.status}`)
      const answer = VaultAnswer.safeParse(safeJson(response.body))
      if (!answer.success) throw new Fault('upstream_malformed', 'Vault answered something else than a secret')
      const { data } = answer.data
      return 'metadata' in data && Fields.safeParse(data.data).success ? (data.data as Record<string, unknown>) : data
    },
    async aws(id) {
      const client = new SecretsManagerClient({ maxAttempts: 3 })
      try {
        const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: id }), {
          abortSignal: AbortSignal.timeout(TIMEOUT_MS),
        })
        if (SecretString === undefined) throw new Fault('upstream_malformed', 'the secret is binary')
        return SecretString
      } catch (error) {
        if (error instanceof Fault) throw error
        // The message may quote the request; the name says enough.
        const name = error instanceof Error ? error.name : 'unknown'
        throw new Fault('upstream_refused', `AWS Secrets Manager: ${name}`)
      } finally {
        client.destroy()
      }
    },
  }
}

function vaultToken({ VAULT_TOKEN, VAULT_TOKEN_FILE }: Readonly<Record<string, string | undefined>>): string {
  if (VAULT_TOKEN) return VAULT_TOKEN
  if (!VAULT_TOKEN_FILE) throw new Fault('usage', 'neither VAULT_TOKEN nor VAULT_TOKEN_FILE is set')
  try {
    return readFileSync(VAULT_TOKEN_FILE, 'utf8').trim()
  } catch {
    throw new Fault('usage', 'VAULT_TOKEN_FILE cannot be read')
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
