# Sourced by the scripts that run Python tests. Makes the virtual environment .venv at the repository's root, sets
# `python` to its interpreter, and makes the variables that name binaries independent of the folder one is in.
tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
venv=$(dirname "$tests")/.venv
python=$venv/bin/python

for name in CORRAL_BINARY CORRAL_FAKE_ENGINE CORRAL_SMOLLM2; do
  [ -z "${!name:-}" ] || export "$name=$(realpath "${!name}")"
done
[ -x "$python" ] || python3 -m venv "$venv"
if ! cmp -s "$tests/e2e/requirements.txt" "$venv/requirements.txt"; then
  "$python" -m pip install --quiet --disable-pip-version-check -r "$tests/e2e/requirements.txt"
  cp "$tests/e2e/requirements.txt" "$venv/requirements.txt"
fi
