#!/usr/bin/env python3
"""Writes template.yaml: one durable function for each row of the suites' tables. With --check: says whether it is up to date."""
import re
import sys
from pathlib import Path

HERE = Path(__file__).parent
HEAD = """\
# Written by make_template.py: one function for each requirement, all with the same executable.
AWSTemplateFormatVersion: "2010-09-09"
Transform: AWS::Serverless-2016-10-31
Description: The functions of the conformance tests.

Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement:
          - Effect: Allow
            Principal: {Service: lambda.amazonaws.com}
            Action: sts:AssumeRole
      ManagedPolicyArns:
        - arn:aws:iam::aws:policy/service-role/AWSLambdaBasicDurableExecutionRolePolicy
      Policies:
        - PolicyName: invoke-targets
          PolicyDocument:
            Version: "2012-10-17"
            Statement:
              - Effect: Allow
                Action: lambda:InvokeFunction
                Resource: !Sub "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:conf-target-*"
"""
FUNCTION = """\

  {resource}:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: conf-{id}
      PackageType: Image
      Role: !GetAtt Role.Arn
      Timeout: 30
      MemorySize: 128
{more}    Metadata:
      Dockerfile: tests/conformance/Dockerfile
      DockerContext: ../..
      DockerTag: v1
      HoldpointExecutable: conformance
"""
DURABLE = """\
      DurableConfig:
        ExecutionTimeout: {timeout}
        RetentionPeriodInDays: 1
"""
TENANTS = """\
      TenancyConfig:
        TenantIsolationMode: PER_TENANT
"""
# Seconds; the others may be invoked and waited for, which AWS allows up to 15 minutes.
TIMEOUTS = {"2-5": 7200, "target-short": 1}


def ids():
    for suite in sorted(HERE.glob("*.cpp")):
        yield from re.findall(r'(?:function\(|\{)"((?:\d|target|caller)[\w-]*)"', suite.read_text())


def key(text):
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in text.split("-")]


def template():
    functions = []
    for name in sorted(ids(), key=key, reverse=False):
        resource = "Conf" + "".join(part.capitalize() if not part.isdigit() else "X" + part for part in name.split("-"))
        more = "" if "plain" in name else DURABLE.format(timeout=TIMEOUTS.get(name, 600))
        functions.append(FUNCTION.format(resource=resource, id=name, more=more + (TENANTS if "tenant" in name else "")))
    return HEAD + "".join(functions)


if __name__ == "__main__":
    path = HERE / "template.yaml"
    if "--check" in sys.argv:
        if not path.exists() or path.read_text() != template():
            sys.exit(f"{path} is not what {Path(__file__).name} writes: run it")
    else:
        path.write_text(template())
