#!/usr/bin/env python3
"""Checks that template.yaml is a valid SAM template for AWS: aws-sam-translator transforms it, cfn-lint finds nothing.

Needs the packages of tools/requirements.txt (tools/python_env.sh puts them into build/venv). Exit status 1 when AWS would refuse it.
"""
import os
import subprocess
import sys
from pathlib import Path

from samtranslator.model.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse


class NoManagedPolicies:
    """Names of managed policies are looked up at AWS; a template of ours names its policies in full."""

    def load(self):
        return {}


def main():
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent / "template.yaml"
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the translator asks boto3 for one
    document = yaml_parse(path.read_text())
    for resource in document["Resources"].values():
        if "Dockerfile" in resource.get("Metadata", {}):  # `sam build` builds the image and puts its name here
            resource["Properties"].setdefault("ImageUri", "000000000000.dkr.ecr.us-east-1.amazonaws.com/built:v1")
    try:
        resources = transform(document, {}, NoManagedPolicies())["Resources"]
    except InvalidDocumentException as refusal:
        print(f"{path}: {refusal.message}", *(f"  {cause.message}" for cause in refusal.causes), sep="\n")
        return 1
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([str(lint) if lint.exists() else "cfn-lint", str(path)], check=False)
    if done.returncode == 0:
        print(f"template: ok ({len(resources)} resources after the SAM transform)")
    return 1 if done.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
