"""The console script `codemods`: one subcommand for each command module, imported when used."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import sys

import click

from codemods.start import HELP, start

_COMMANDS: dict[str, str] = {
    "run": "Port a tree in place.",
    "check": "Report what `run` would change.",
    "verify": "Prove a port against the target's headers and packages.",
    "build": "Compile, link, lower and test a ported tree.",
    "sync": "Merge with upstream from the true base.",
    "explain": "Explain a code or an old name.",
    "list": "List the migrations.",
}


class _Lazy(click.Group):
    """A group that imports a subcommand's module only when that subcommand is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for name in _COMMANDS if importlib.util.find_spec(f"codemods.{name}")]

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was meant."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            close = difflib.get_close_matches(args[0], self.list_commands(ctx), 1)
            hint = f"did you mean `{close[0]}`?" if close else f"known: {', '.join(_COMMANDS)}"
            raise click.UsageError(f"there is no command `{args[0]}`; {hint}", ctx) from error

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = importlib.import_module(f"codemods.{cmd_name}").main
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name]) for name in self.list_commands(ctx)])


def _version(ctx: click.Context, option: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from codemods.report import provenance

        own, *others = provenance.tools()
        click.echo(f"codemods {own['version']}")
        for row in others:
            click.echo(f"  {row['what']:<16} {row['version']}")
        ctx.exit()


@click.group(cls=_Lazy, context_settings=HELP)
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_version,
    help="Show the versions, the engines' too, and exit.",
)
def group() -> None:
    """Carry TileLang forks and other TVM downstreams across the TVM-FFI redesign."""


def main() -> None:
    """Run the console script."""
    sys.exit(start(group))


if __name__ == "__main__":
    main()
