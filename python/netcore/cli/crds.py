"""`netcore crds`: the definitions to apply to a cluster."""

import argparse
import sys

from netcore.cli.errors import CommandError
from netcore.cli.output import add_output_option, print_json
from netcore.resources import custom_resource_definitions

HELP = """Print the custom resource definitions that netcore needs.

  netcore crds | kubectl apply -f -"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add_output_option(parser)


def run(args: argparse.Namespace) -> int:
    """Print them as YAML documents, or as one JSON List."""
    documents = custom_resource_definitions()
    if args.output == "json":
        try:
            import yaml
        except ImportError as error:
            raise CommandError("-o json needs PyYAML: pip install 'netcore-k8s[kube]'") from error
        items = [yaml.safe_load(text) for text in documents.values()]
        print_json({"apiVersion": "v1", "kind": "List", "items": items})
    else:
        sys.stdout.write("---\n".join(documents.values()))
    return 0
