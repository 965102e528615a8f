/** The example file that opens the documentation. */

export const example = `# gateway.yaml
listen:
  host: 0.0.0.0
  port: 8080
  hosts: [gateway.example.com]
  trustedProxies: [10.0.0.0/8]
  # tls: { cert: tls.crt, key: tls.key }

admin:
  host: 0.0.0.0
  port: 9090

upstreams:
  files:
    url: http://files.internal:3001/mcp
    required: true
  search:
    url: \${SEARCH_URL:-https://search.internal/mcp}
    limits: { calls: 64, queueTimeout: 2s }
    # tls: { ca: search-ca.pem }

routes:
  - path: /files
    upstream: files
    publicUrl: https://gateway.example.com/files
  - path: /search
    upstream: search
    deadlines: { responseHead: 30s }

interceptors:
  - module: ./redact.mjs
    options: { names: [password, token] }

telemetry:
  resource: { deployment.environment.name: production }
  metrics:
    exporters: [prometheus, otlp]
    otlp: { endpoint: http://otel-collector:4317 }

drain: { lag: 5s, deadline: 25s }
log: { level: info }
`
