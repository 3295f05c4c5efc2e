#!/usr/bin/env bash
# Start-up time, memory and size of function executables, stripped as they would be deployed: writes OUT/start_*.json and prints a
# table. The service is a stub, so nothing else must run.
# Usage: bench/starts.sh BIN OUT
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$1
out=$2
functions=$out/functions
tls=$out/tls
event='{"name": "Ada"}'
mkdir -p "$functions" "$tls/certs"
for name in hello_durable approvals_workflow approval_api; do
    strip -o "$functions/$name" "$bin/$name"
    # Read from the disk again, as it is after a deployment: of a file that was just written the kernel maps more at once.
    sync "$functions/$name"
    dd "if=$functions/$name" iflag=nocache count=0 status=none
done
"$bin/function_start" --event "$event" "$functions/hello_durable" >"$out/start_hello.json"
"$bin/function_start" "$functions/approvals_workflow" "$functions/approval_api" >"$out/start_others.json"

# AWS is spoken to over https: the same invocation with TLS in front of the stub, and the system's certificates to look through.
port=$(python3 -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
coproc front { exec python3 bench/tls_front.py "$tls" "$port"; }
front_pid=$!
trap 'kill "$front_pid" 2>/dev/null || true' EXIT
read -r front_port <&"${front[0]}"
cp -L /etc/ssl/certs/*.pem "$tls/ca.pem" "$tls/certs"
openssl rehash "$tls/certs" 2>/dev/null
"$bin/function_start" --event "$event" --port "$port" --env "AWS_ENDPOINT_URL=https://localhost:$front_port" \
    --env "SSL_CERT_DIR=$tls/certs" --env SSL_CERT_FILE=/nonexistent "$functions/hello_durable" >"$out/start_https.json"
python3 bench/report.py starts "$out"
