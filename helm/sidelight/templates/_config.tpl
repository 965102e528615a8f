{{/* The configuration file, and what is computed from it. */}}

{{/* The values' `config` with what other values add to it, as YAML. */}}
{{- define "sidelight.config" -}}
{{- include "sidelight.refusals" . -}}
{{- $config := deepCopy (.Values.config | default dict) -}}
{{- $config = mustMerge $config (dict "listen" (dict "host" "0.0.0.0") "admin" (dict "host" "0.0.0.0")) -}}
{{- with .Values.tls.secretName -}}
{{- $folder := "/etc/sidelight/tls" -}}
{{- $tls := dict "cert" (printf "%s/tls.crt" $folder) "key" (printf "%s/tls.key" $folder) -}}
{{- with $.Values.tls.clientCaKey -}}
{{- $_ := set $tls "clientCa" (printf "%s/%s" $folder .) -}}
{{- end -}}
{{- $_ := set $config.listen "tls" $tls -}}
{{- end -}}
{{- range .Values.adminTokens -}}
{{- $token := dict "name" .name "rights" .rights "tokenFile" (printf "/etc/sidelight/tokens/%s" .name) -}}
{{- $_ := set $config.admin "tokens" (append ($config.admin.tokens | default list) $token) -}}
{{- end -}}
{{- range $name, $extra := .Values.extraUpstreams -}}
{{- $route := mustMergeOverwrite (dict "path" (printf "/%s" $name)) (deepCopy ($extra.route | default dict)) (dict "upstream" $name) -}}
{{- $_ := set $config "upstreams" (mustMerge (dict $name (omit $extra "route")) ($config.upstreams | default dict)) -}}
{{- $_ := set $config "routes" (append ($config.routes | default list) $route) -}}
{{- end -}}
{{- toYaml $config -}}
{{- end -}}

{{/* What the schema cannot say. */}}
{{- define "sidelight.refusals" -}}
{{- $config := .Values.config | default dict -}}
{{- if and .Values.tls.secretName (dig "listen" "tls" nil $config) -}}
{{- fail "tls.secretName and config.listen.tls are both set: one is enough" -}}
{{- end -}}
{{- range $listener := list "listen" "admin" -}}
{{- if regexMatch "^(127\\.|localhost$|\\[?::1)" (dig $listener "host" "0.0.0.0" $config) -}}
{{- fail (printf "config.%s.host is a loopback address, which nothing outside the pod reaches, its probes neither: use 0.0.0.0 or ::" $listener) -}}
{{- end -}}
{{- end -}}
{{- if eq (include "sidelight.proxyPort" .) (include "sidelight.adminPort" .) -}}
{{- fail "config.listen.port and config.admin.port are the same" -}}
{{- end -}}
{{- range append (dig "admin" "tokens" list $config) (dict "name" "" "token" (dig "admin" "token" "" $config)) -}}
{{- if and .token (not (contains "${" .token)) -}}
{{- fail "config.admin holds a token, and config becomes a ConfigMap, which is not secret: use adminTokens, or ${NAME} with a variable of env" -}}
{{- end -}}
{{- end -}}
{{- range $name, $_ := .Values.extraUpstreams -}}
{{- if hasKey ($config.upstreams | default dict) $name -}}
{{- fail (printf "extraUpstreams.%s stands in config.upstreams too" $name) -}}
{{- end -}}
{{- end -}}
{{- if and .Values.extraUpstreams $config.upstreams (not $config.routes) -}}
{{- fail "extraUpstreams bring routes, and then those of config.upstreams have to stand in config.routes" -}}
{{- end -}}
{{- range .Values.env -}}
{{- if has .name (list "SIDELIGHT_HOST" "SIDELIGHT_PORT" "SIDELIGHT_ADMIN_HOST" "SIDELIGHT_ADMIN_PORT" "SIDELIGHT_CONFIG") -}}
{{- fail (printf "env: %s would go over the configuration that the pod is made for: set config.listen or config.admin" .name) -}}
{{- end -}}
{{- if and $.Values.resourceAttributes (eq .name "OTEL_RESOURCE_ATTRIBUTES") -}}
{{- fail "env: OTEL_RESOURCE_ATTRIBUTES is set by resourceAttributes: use config.telemetry.resource, or switch that off" -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.mode "sidecar" -}}
{{- if not (or $config.upstreams .Values.extraUpstreams) -}}
{{- fail "config.upstreams is empty: a sidecar stands in front of the server of its pod, for example config.upstreams.server.url: http://127.0.0.1:3001/mcp" -}}
{{- end -}}
{{- range $part := list "autoscaling" "podDisruptionBudget" "networkPolicy" -}}
{{- if (index $.Values $part).enabled -}}
{{- fail (printf "%s.enabled is for mode gateway: the pod of a sidecar is another chart's" $part) -}}
{{- end -}}
{{- end -}}
{{- else -}}
{{- $scaled := .Values.autoscaling -}}
{{- if and $scaled.enabled (lt (int $scaled.maxReplicas) (int $scaled.minReplicas)) -}}
{{- fail "autoscaling.maxReplicas is below autoscaling.minReplicas" -}}
{{- end -}}
{{- $most := ternary $scaled.maxReplicas .Values.replicas $scaled.enabled -}}
{{- if and (gt (int $most) 1) (not .Values.service.sessionAffinity.enabled) (not .Values.replicasAreSafe) -}}
{{- fail "more than one replica: sessions live in one pod each, so set service.sessionAffinity.enabled, or replicasAreSafe where no session needs it (README.md, Replicas)" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "sidelight.proxyPort" -}}
{{- dig "listen" "port" 8080 (.Values.config | default dict) | int -}}
{{- end -}}

{{- define "sidelight.adminPort" -}}
{{- dig "admin" "port" 9090 (.Values.config | default dict) | int -}}
{{- end -}}

{{/* Of the pod: what the drain may take, and 10 s. */}}
{{- define "sidelight.gracePeriodSeconds" -}}
{{- add 10 (include "sidelight.seconds" (dig "drain" "deadline" "25s" (.Values.config | default dict))) -}}
{{- end -}}

{{/* A duration, rounded up. Numbers are milliseconds. */}}
{{- define "sidelight.seconds" -}}
{{- if not (kindIs "string" .) -}}
{{- div (add (int64 .) 999) 1000 -}}
{{- else -}}
{{- $amount := regexFind "^[0-9]+" . | int64 -}}
{{- $unit := regexFind "[a-z]+$" . -}}
{{- if eq $unit "ms" -}}
{{- div (add $amount 999) 1000 -}}
{{- else -}}
{{- mul $amount (get (dict "s" 1 "m" 60 "h" 3600) $unit) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the ConfigMap holds. */}}
{{- define "sidelight.files" -}}
sidelight.yaml: |
{{- include "sidelight.config" . | nindent 2 }}
{{- range $name, $text := .Values.files }}
{{ $name | quote }}: {{ $text | toJson }}
{{- end }}
{{- end -}}
