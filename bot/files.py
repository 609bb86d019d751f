"""Reading the project's own data files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_yaml(path: Path) -> Any:
    """The content of a YAML file, by libyaml where it is there (ten times as fast).

    Raises:
        OSError: the file cannot be read.
        yaml.YAMLError: it is not YAML; the message says where.
    """
    return yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
