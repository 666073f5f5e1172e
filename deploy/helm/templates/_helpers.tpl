{{- define "dormouse.name" -}}
{{- if contains "dormouse" .Release.Name }}{{ .Release.Name }}{{ else }}{{ printf "%s-dormouse" .Release.Name }}{{ end -}}
{{- end }}

{{- define "dormouse.selector" -}}
app.kubernetes.io/name: dormouse
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: bot
{{- end }}

{{- define "dormouse.labels" -}}
{{ include "dormouse.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
{{- end }}

{{- define "dormouse.secret" -}}
{{ .Values.secret.existing | default (include "dormouse.name" .) }}
{{- end }}

{{- define "dormouse.claim" -}}
{{ .Values.persistence.existingClaim | default (include "dormouse.name" .) }}
{{- end }}

{{- define "dormouse.ports" -}}
{{ .Values.ports | default (ternary "30000-32767" "25500-25999" (eq .Values.exposure "nodeport")) }}
{{- end }}

{{/* Whether two pods may run side by side: PostgreSQL keeps what they share, and no disk is one node's. */}}
{{- define "dormouse.shared" -}}
{{- if and (eq .Values.database "postgresql") (not .Values.persistence.enabled) }}yes{{ end -}}
{{- end }}

{{- define "dormouse.strategy" -}}
{{ .Values.strategy | default (ternary "RollingUpdate" "Recreate" (eq (include "dormouse.shared" .) "yes")) }}
{{- end }}

{{/* GiB that a pod may write to its node's disk: scratch, where that is no disk of its own, and 2 for what else it writes. */}}
{{- define "dormouse.written" -}}
{{ add (ternary 0 (trimSuffix "Gi" .Values.scratch.size) .Values.scratch.disk) 2 }}Gi
{{- end }}

{{/* The level of Pod Security: warned about too, so that a dry run of a StatefulSet shows what would be refused. */}}
{{- define "dormouse.podSecurity" -}}
pod-security.kubernetes.io/enforce: {{ . }}
pod-security.kubernetes.io/warn: {{ . }}
{{- end }}

{{/* What every container of the bot's pod has. */}}
{{- define "dormouse.container" -}}
image: {{ .Values.image | quote }}
imagePullPolicy: {{ .Values.imagePullPolicy }}
envFrom:
  - configMapRef:
      name: {{ include "dormouse.name" . }}
env:
  {{- range $name, $key := dict "DISCORD_TOKEN" "discord-token" "MASTER_KEY" "master-key" "DATABASE_URL" "database-url" "B2_KEY" "b2-key" "CURSEFORGE_KEY" "curseforge-key" "DISCORD_CLIENT_SECRET" "discord-client-secret" "OIDC_CLIENT_SECRET" "oidc-client-secret" }}
  - name: DORMOUSE_{{ $name }}
    valueFrom:
      secretKeyRef:
        name: {{ include "dormouse.secret" $ }}
        key: {{ $key }}
        {{- $required := or (eq $key "discord-token") (and (eq $key "database-url") (eq $.Values.database "postgresql")) (and (eq $key "master-key") (not $.Values.persistence.enabled)) }}
        {{- if not $required }}
        optional: true
        {{- end }}
  {{- end }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities:
    drop: [ALL]
resources:
  {{- $written := dict "limits" (dict "ephemeral-storage" (include "dormouse.written" .)) }}
  {{- toYaml (mustMergeOverwrite (deepCopy .Values.resources) $written) | nindent 2 }}
volumeMounts:
  - name: data
    mountPath: /data
  - name: scratch
    mountPath: /data/work
  - name: games
    mountPath: /etc/dormouse/games
  - name: pods
    mountPath: /etc/dormouse/pods
  - name: tmp
    mountPath: /tmp
{{- end }}
