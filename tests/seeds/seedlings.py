"""Small seeds written for one test each, and where the real ones lie."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from generator.errors import Where

ROOT = Path(__file__).parent.parent.parent
SEEDCODE = ROOT / "seedcode"
PYTHON = ROOT / ".venv-seeds" / "bin" / "python"
SPEC = Where("products/demo.yaml", 7, 3)

CONFIG = """\
_subdirectory: template
name:
  type: str
  help: What it is called.
  default: demo
  validator: "{% if not name.islower() %}lower-case letters only{% endif %}"
size:
  type: int
  help: How many.
  default: 3
  validator: "{% if size > 9 %}at most 9{% endif %}"
kind:
  type: str
  help: Which one.
  default: small
  choices: [small, large]
"""
FILES = {
    "template/{{ name }}.txt.jinja": "{{ name }} {{ size }} {{ kind }}\n",
    "template/{{ _copier_conf.answers_file }}.jinja": "{{ _copier_answers | to_nice_yaml -}}\n",
    "template/bin/run": "#!/bin/sh\n",
}


def plant(
    root: Path, files: Mapping[str, str | bytes] = FILES, *, config: str = CONFIG, seed: str = "demo"
) -> Path:
    """Write a seed below a catalogue root; files under bin/ are executable."""
    folder = root / "seedcode" / seed
    for name, content in {"copier.yml": config, **files}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        if "/bin/" in name:
            path.chmod(0o755)
    return folder
