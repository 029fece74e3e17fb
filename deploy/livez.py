# ruff: noqa: INP001 - a file of the image, no package
"""The image's health check: does this process answer on one of the given ports? Only the standard library, no settings."""

import sys
import urllib.error
import urllib.request


def alive(port: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=3) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004 - HTTP's own number
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    sys.exit(0 if any(alive(port) for port in sys.argv[1:]) else 1)
