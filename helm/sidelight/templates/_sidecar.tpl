{{/*
For charts that put the sidecar into a pod of theirs. Each takes the scope of this chart, which is `.Subcharts.sidelight`
(or the alias of the dependency). README.md shows where they go.
*/}}

{{/* An entry of initContainers: a native sidecar, which starts before the server and stops after it. */}}
{{- define "sidelight.sidecar.container" -}}
{{- $container := include "sidelight.container" (dict "chart" . "prefix" "sidelight-") -}}
- {{ $container | nindent 2 | trim }}
  restartPolicy: Always
{{- end -}}

{{/* Entries of volumes. */}}
{{- define "sidelight.sidecar.volumes" -}}
{{- include "sidelight.volumes" . -}}
{{- end -}}

{{/* Annotations of the pod. */}}
{{- define "sidelight.sidecar.podAnnotations" -}}
{{- include "sidelight.podAnnotations" . -}}
{{- end -}}

{{/* Labels of the pod, by which the PodMonitor finds it. */}}
{{- define "sidelight.sidecar.podLabels" -}}
sidelight/config: {{ include "sidelight.fullname" . }}
{{- end -}}

{{/* The least terminationGracePeriodSeconds of the pod. */}}
{{- define "sidelight.sidecar.gracePeriodSeconds" -}}
{{- include "sidelight.gracePeriodSeconds" . -}}
{{- end -}}

{{/* Where a Service in front of the pod has to point, in place of the server's port. */}}
{{- define "sidelight.sidecar.port" -}}
{{- include "sidelight.proxyPort" . -}}
{{- end -}}
