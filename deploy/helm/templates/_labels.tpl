{{- define "failwise.selector" -}}
app.kubernetes.io/name: failwise
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "failwise.labels" -}}
{{ include "failwise.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end -}}
