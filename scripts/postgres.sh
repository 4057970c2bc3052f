# A PostgreSQL of a script's own; read by scripts that need one. `$pg` is its directory, `$log` hears what
# goes wrong, `$port` is its port afterwards.

# Debian keeps the server's programs out of PATH; the newest version goes first.
find_postgres() {
  local bin
  for bin in /usr/lib/postgresql/*/bin; do
    if [ -x "$bin/initdb" ]; then PATH="$bin:$PATH"; fi
  done
}
# The server refuses to run as root.
as_postgres() {
  if [ "$(id -u)" = 0 ]; then
    (cd / && su postgres -s /bin/sh -c 'PATH=$1; shift; exec "$@"' -- sh "$PATH" "$@")
  else
    "$@"
  fi
}
stop_postgres() {
  if [ -f "$pg/data/postmaster.pid" ]; then
    as_postgres pg_ctl -D "$pg/data" -m immediate stop >/dev/null || true
  fi
}
# A certificate for localhost by an authority that nobody else knows.
make_certificates() {
  local key="-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
  # shellcheck disable=SC2086
  openssl req -x509 $key -days 2 -subj /CN=clickback-tests -keyout "$pg/ca.key" -out "$pg/ca.pem" &&
    openssl req $key -subj /CN=localhost -addext subjectAltName=DNS:localhost \
      -keyout "$pg/server.key" -out "$pg/server.csr" &&
    openssl x509 -req -in "$pg/server.csr" -CA "$pg/ca.pem" -CAkey "$pg/ca.key" -CAcreateserial \
      -copy_extensions copy -days 2 -out "$pg/server.pem"
}
# No place in the system, gone afterwards. It asks for a password: a wrong one is tested, too. Arguments
# are settings of the server.
start_postgres() {
  local options="" option
  for option in "$@"; do options="$options -c $option"; done
  echo clickback >"$pg/password"
  make_certificates >"$log" 2>&1 || return 1
  chmod 600 "$pg/server.key"
  if [ "$(id -u)" = 0 ]; then chown -R postgres "$pg"; fi
  as_postgres initdb -D "$pg/data" -U postgres -A scram-sha-256 --pwfile="$pg/password" -E UTF8 --locale=C -N \
    >>"$log" 2>&1 || return 1
  # A port that something else has is no reason to give up.
  local attempt
  for attempt in 1 2 3 4 5; do
    port=$((20000 + RANDOM % 12000))
    as_postgres pg_ctl -D "$pg/data" -w -l "$pg/log" -o \
      "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=$pg -c max_connections=300 \
       $options -c ssl=on -c ssl_cert_file=$pg/server.pem -c ssl_key_file=$pg/server.key" start >>"$log" 2>&1 && return
  done
  return 1
}
