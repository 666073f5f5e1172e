{{/* What one value alone does not show. Everything that is wrong is said at once. */}}
{{- define "dormouse.refusals" -}}
{{- $said := list -}}
{{- $v := .Values -}}
{{- if not $v.image -}}
{{- $said = append $said "image: name the image that the Dockerfile made, where your nodes can pull it, such as registry.example.org/dormouse:0.1.0." -}}
{{- end -}}
{{- if and (not $v.secret.existing) (not $v.secret.discordToken) -}}
{{- $said = append $said "secret: give secret.discordToken, or in secret.existing the name of a Secret that has the key discord-token." -}}
{{- end -}}
{{- if $v.secret.existing -}}
{{- range list "discordToken" "masterKey" "databaseUrl" "b2Key" "curseforgeKey" "discordClientSecret" "oidcClientSecret" -}}
{{- if index $v.secret . -}}
{{- $said = append $said (printf "secret.%s: put it into the Secret %s, or leave secret.existing empty." . $v.secret.existing) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.database "postgresql") (not $v.secret.existing) (not $v.secret.databaseUrl) -}}
{{- $said = append $said "secret.databaseUrl: database is postgresql, so give its address, such as postgresql://user:password@host/name." -}}
{{- end -}}
{{- if and (eq $v.database "sqlite") $v.secret.databaseUrl -}}
{{- $said = append $said "database: an address is given, so set it to postgresql." -}}
{{- end -}}
{{- if not $v.persistence.enabled -}}
{{- if eq $v.database "sqlite" -}}
{{- $said = append $said "persistence.enabled: SQLite lives in the volume: without it every restart would forget all servers." -}}
{{- end -}}
{{- if and (not $v.secret.existing) (not $v.secret.masterKey) -}}
{{- $said = append $said "secret.masterKey: without a volume it cannot be made once and kept, so give one (openssl rand -hex 32)." -}}
{{- end -}}
{{- end -}}
{{- if and (eq $v.strategy "RollingUpdate") (ne (include "dormouse.shared" .) "yes") -}}
{{- $said = append $said "strategy: RollingUpdate needs database postgresql and persistence.enabled false: two pods cannot share the data volume." -}}
{{- end -}}
{{- if and (gt (int $v.replicas) 1) (ne (include "dormouse.shared" .) "yes") -}}
{{- $said = append $said "replicas: more than one needs database postgresql and persistence.enabled false: two pods cannot share the data volume." -}}
{{- end -}}
{{- if and (gt (int $v.replicas) 1) (eq $v.strategy "Recreate") -}}
{{- $said = append $said "strategy: Recreate ends all replicas at once: leave it empty, so that one stays." -}}
{{- end -}}
{{- if and $v.scratch.storageClass (not $v.scratch.disk) -}}
{{- $said = append $said "scratch.storageClass: it is for a volume: set scratch.disk to true, or leave it empty." -}}
{{- end -}}
{{- if dig "limits" "ephemeral-storage" "" $v.resources -}}
{{- $said = append $said "resources.limits.ephemeral-storage: leave it out: it follows from scratch.size." -}}
{{- end -}}
{{- if and $v.externalTrafficPolicy (eq $v.exposure "hostport") -}}
{{- $said = append $said "externalTrafficPolicy: leave it empty with hostport, where games see players' own addresses anyway." -}}
{{- end -}}
{{- if eq $v.games.namespace .Release.Namespace -}}
{{- $said = append $said "games.namespace: games need a namespace of their own, not the bot's." -}}
{{- end -}}
{{- if and (not (has $v.exposure (list "loadbalancer" "router"))) $v.addresses -}}
{{- $said = append $said (printf "addresses: only exposures loadbalancer and router use them; leave them empty with %s." $v.exposure) -}}
{{- end -}}
{{- if and (eq $v.exposure "router") (not $v.publicHost) -}}
{{- $said = append $said "publicHost: exposure router needs a domain; each Minecraft server has a name below it." -}}
{{- end -}}
{{- if and (eq $v.exposure "nodeport") (not $v.publicHost) -}}
{{- $said = append $said "publicHost: exposure nodeport needs the name or address of a node that members reach." -}}
{{- end -}}
{{- if and $v.publicHost (gt (len $v.addresses) 1) -}}
{{- $said = append $said "publicHost: it is one name, but each server is on one of several addresses: leave it empty, or give one address." -}}
{{- end -}}
{{- $ports := splitList "-" (include "dormouse.ports" .) -}}
{{- if gt (int (first $ports)) (int (last $ports)) -}}
{{- $said = append $said (printf "ports: %s begins after its end." $v.ports) -}}
{{- else if or (lt (int (first $ports)) 1024) (gt (int (last $ports)) 65535) -}}
{{- $said = append $said (printf "ports: %s is not within 1024-65535." $v.ports) -}}
{{- else if and (eq $v.exposure "nodeport") (or (lt (int (first $ports)) 30000) (gt (int (last $ports)) 32767)) -}}
{{- $said = append $said (printf "ports: with exposure nodeport they lie within 30000-32767, not %s." $v.ports) -}}
{{- end -}}
{{- if and $v.web.ingress.enabled (or (not $v.web.enabled) (not $v.web.publicUrl)) -}}
{{- $said = append $said "web.ingress.enabled: it needs web.enabled, and the address in web.publicUrl." -}}
{{- end -}}
{{- if and $v.web.discordClientId (not $v.secret.existing) (not $v.secret.discordClientSecret) -}}
{{- $said = append $said "secret.discordClientSecret: sign-in with Discord needs it, beside web.discordClientId." -}}
{{- end -}}
{{- if and $v.web.oidc.issuer (not $v.web.oidc.clientId) -}}
{{- $said = append $said "web.oidc.clientId: sign-in with the provider needs it, beside web.oidc.issuer." -}}
{{- end -}}
{{- if and $v.web.oidc.issuer (not $v.secret.existing) (not $v.secret.oidcClientSecret) -}}
{{- $said = append $said "secret.oidcClientSecret: sign-in with the provider needs it, beside web.oidc.issuer." -}}
{{- end -}}
{{- $secrets := list "DISCORD_TOKEN" "MASTER_KEY" "DATABASE_URL" "B2_KEY" "CURSEFORGE_KEY" "DISCORD_CLIENT_SECRET" "OIDC_CLIENT_SECRET" -}}
{{- $named := dict "EXPOSURE" "exposure" "ADDRESSES" "addresses" "PUBLIC_HOST" "publicHost" "PORTS" "ports" "NAMESPACE" "games.namespace" "IMAGE" "image" "DISCORD_API_URL" "discord.apiUrl" "DISCORD_GATEWAY_URL" "discord.gatewayUrl" "HEALTH" "healthPort" "TRAFFIC_POLICY" "externalTrafficPolicy" "SCRATCH" "scratch.size" "GAMES_DIR" "games.files" "POD_FILE" "games.pods" "WEB" "web.enabled" "PUBLIC_URL" "web.publicUrl" "DISCORD_CLIENT_ID" "web.discordClientId" "OIDC_ISSUER" "web.oidc.issuer" "OIDC_CLIENT_ID" "web.oidc.clientId" "OIDC_TENANTS" "web.oidc.tenants" "OIDC_AUDIENCE" "web.oidc.audience" -}}
{{- range $name, $_ := $v.settings -}}
{{- if hasPrefix "DORMOUSE_" $name -}}
{{- $said = append $said (printf "settings.%s: leave DORMOUSE_ away: %s." $name (trimPrefix "DORMOUSE_" $name)) -}}
{{- else if has (trimSuffix "_FILE" $name) $secrets -}}
{{- $said = append $said (printf "settings.%s: secrets belong into the Secret (secret.existing)." $name) -}}
{{- else if hasKey $named $name -}}
{{- $said = append $said (printf "settings.%s: set the value %s instead." $name (get $named $name)) -}}
{{- else if has $name (list "CLUSTER" "DATA_DIR") -}}
{{- $said = append $said (printf "settings.%s: the chart sets this one." $name) -}}
{{- end -}}
{{- end -}}
{{- if $said -}}
{{- fail (printf "these values do not work:\n  - %s" (join "\n  - " $said)) -}}
{{- end -}}
{{- end }}
