#!/bin/sh
# Adds to .env what Compose needs and is not there yet: passwords, and a self-signed certificate for
# `localhost`. Nothing that is there is changed.
set -eu
cd "$(dirname "$0")/../.."
umask 077

have() {
    grep -q "^$1=." .env 2> /dev/null || return 1
}

add() {
    have "$1" || printf '%s=%s\n' "$1" "$2" >> .env
}

# The last line of a file may lack its end.
if [ -s .env ] && [ -n "$(tail -c 1 .env)" ]; then
    echo >> .env
fi
for name in POSTGRES_PASSWORD REDIS_PASSWORD GRAFANA_PASSWORD METRICS_TOKEN SECRET_KEY; do
    # Letters and digits only: they also stand in URLs.
    add "$name" "$(openssl rand -hex 32)"
done
if ! have TLS_CERTIFICATE; then
    mkdir -p .local/tls
    openssl req -x509 -newkey rsa:2048 -nodes -days 365 -subj /CN=localhost \
        -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
        -keyout .local/tls/key.pem -out .local/tls/certificate.pem 2> /dev/null
    add TLS_CERTIFICATE "$PWD/.local/tls/certificate.pem"
    add TLS_KEY "$PWD/.local/tls/key.pem"
fi
echo ".env is complete; docs/docker.md says what it is for."
