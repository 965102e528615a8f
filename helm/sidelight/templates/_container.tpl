{{/* The container and what belongs to it in its pod, the same in both modes. */}}

{{/* Called with `chart`, the scope of this chart, and `prefix`, which parts the names of ports from a server's own. */}}
{{- define "sidelight.container" -}}
{{- $prefix := .prefix -}}
{{- with .chart -}}
name: sidelight
image: {{ include "sidelight.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
env:
  # Not a flag, so that `sidelight health` inside the container finds it too.
  - { name: SIDELIGHT_CONFIG, value: /etc/sidelight/config/sidelight.yaml }
  # The image sets these two. Empty, they count as unset, and the configuration says where to listen.
  - { name: SIDELIGHT_HOST, value: '' }
  - { name: SIDELIGHT_ADMIN_HOST, value: '' }
  {{- if .Values.resourceAttributes }}
  - { name: K8S_POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
  - { name: K8S_NAMESPACE_NAME, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
  - { name: K8S_NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
  - name: OTEL_RESOURCE_ATTRIBUTES
    value: k8s.pod.name=$(K8S_POD_NAME),k8s.namespace.name=$(K8S_NAMESPACE_NAME),k8s.node.name=$(K8S_NODE_NAME)
  {{- end }}
  {{- with .Values.env }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .Values.envFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
ports:
  - { name: {{ $prefix }}mcp, containerPort: {{ include "sidelight.proxyPort" . }}, protocol: TCP }
  - { name: {{ $prefix }}admin, containerPort: {{ include "sidelight.adminPort" . }}, protocol: TCP }
# On the admin listener, which never asks for a client's certificate. A sidecar's server starts only after the first.
startupProbe:
  httpGet: { path: /health, port: {{ include "sidelight.adminPort" . }} }
  {{- toYaml .Values.probes.startup | nindent 2 }}
livenessProbe:
  httpGet: { path: /health, port: {{ include "sidelight.adminPort" . }} }
  {{- toYaml .Values.probes.liveness | nindent 2 }}
readinessProbe:
  httpGet: { path: /health/ready, port: {{ include "sidelight.adminPort" . }} }
  {{- toYaml .Values.probes.readiness | nindent 2 }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
volumeMounts:
  # A folder, not a subPath: only so does a change of the ConfigMap arrive.
  - { name: sidelight-config, mountPath: /etc/sidelight/config, readOnly: true }
  {{- if .Values.tls.secretName }}
  - { name: sidelight-tls, mountPath: /etc/sidelight/tls, readOnly: true }
  {{- end }}
  {{- if .Values.adminTokens }}
  - { name: sidelight-tokens, mountPath: /etc/sidelight/tokens, readOnly: true }
  {{- end }}
  {{- range $i, $name := .Values.secrets }}
  - { name: sidelight-secret-{{ $i }}, mountPath: /etc/sidelight/secrets/{{ $name }}, readOnly: true }
  {{- end }}
  {{- with .Values.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
{{- end -}}

{{/* Nobody else mounts them. Without a group of the pod, which another chart's need not have, 0440 were root's alone. */}}
{{- define "sidelight.volumes" -}}
- name: sidelight-config
  configMap: { name: {{ include "sidelight.fullname" . }} }
{{- with .Values.tls.secretName }}
- name: sidelight-tls
  secret: { secretName: {{ . }}, defaultMode: 0444 }
{{- end }}
{{- with .Values.adminTokens }}
- name: sidelight-tokens
  projected:
    defaultMode: 0444
    sources:
      {{- range . }}
      - secret:
          name: {{ .secret.name }}
          items: [{ key: {{ .secret.key }}, path: {{ .name }} }]
      {{- end }}
{{- end }}
{{- range $i, $name := .Values.secrets }}
- name: sidelight-secret-{{ $i }}
  secret: { secretName: {{ $name }}, defaultMode: 0444 }
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "sidelight.podAnnotations" -}}
{{- if not (dig "reload" "watch" false (.Values.config | default dict)) }}
checksum/sidelight-config: {{ include "sidelight.files" . | sha256sum }}
{{- end }}
{{- if and .Values.scrapeAnnotations (not .Values.monitor.enabled) }}
prometheus.io/scrape: 'true'
prometheus.io/port: {{ include "sidelight.adminPort" . | quote }}
prometheus.io/path: /metrics
{{- end }}
{{- end -}}
