import sys

try:
    from local.cli import main
except ModuleNotFoundError as exc:
    sys.exit(f"Python has no {exc.name} here: activate the environment that make made (. .venv/bin/activate).")

if __name__ == "__main__":
    sys.exit(main())
