"""Signature Version 4 as botocore signs: what is signed is let in, and nothing of it may change on the way."""
import datetime
import http.client
import json
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

REGION = "us-east-1"
TABLES = {"method": "POST", "path": "/", "body": b"{}",
          "headers": {"X-Amz-Target": "DynamoDB_20120810.ListTables", "Content-Type": "application/x-amz-json-1.0"}}
LOGS = {"method": "POST", "path": "/", "body": b"{}",
        "headers": {"X-Amz-Target": "Logs_20140328.DescribeLogGroups", "Content-Type": "application/x-amz-json-1.1"}}
FUNCTIONS = {"method": "GET", "path": "/2015-03-31/functions/?MaxItems=10", "body": b"", "headers": {"X-Amz-Meta": "a  b"}}
TOPICS = {"method": "POST", "path": "/", "body": b"Action=ListTopics&Version=2010-03-31",
          "headers": {"Content-Type": "application/x-www-form-urlencoded"}}
CALLER = {**TOPICS, "body": b"Action=GetCallerIdentity&Version=2011-06-15"}
SERVICES = {"dynamodb": TABLES, "logs": LOGS, "lambda": FUNCTIONS, "sns": TOPICS, "sts": CALLER,
            "cloudformation": {**TOPICS, "body": b"Action=ListStacks&Version=2010-05-15"}}


def key_of(server, **changed):
    return Credentials(**{"access_key": server.env["AWS_ACCESS_KEY_ID"], "secret_key": server.env["AWS_SECRET_ACCESS_KEY"], **changed})


def signed(server, service, credentials=None, region=REGION, signer=SigV4Auth, scope=None):
    """The call as botocore signs it: method, path, headers, body."""
    call = SERVICES[service]
    host = f"127.0.0.1:{server.port}"
    request = AWSRequest(call["method"], f"http://{host}{call['path']}", headers={"Host": host, **call["headers"]}, data=call["body"])
    signer(credentials or key_of(server), scope or service, region).add_auth(request)
    url = urlsplit(request.url)
    return call["method"], url.path + (f"?{url.query}" if url.query else ""), dict(request.headers.items()), call["body"]


def send(server, method, path, headers, body):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, answer.getheader("x-amzn-ErrorType", "") + text


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_signed_may_not_change(server, service):
    method, path, headers, body = signed(server, service)
    assert send(server, method, path, headers, body)[0] == 200
    authorization = headers["Authorization"]
    name, scope, signature = authorization.index("Credential=") + 11, authorization.split("Credential=")[1].split(",")[0], authorization[-64:]
    key, date, *_ = scope.split("/")

    def with_header(**changes):
        return method, path, {**headers, **{k.replace("_", "-"): v for k, v in changes.items()}}, body

    def with_authorization(old, new):
        return with_header(Authorization=authorization.replace(old, new))
    mutations = {
        "method": ("PUT" if method == "POST" else "POST", path, headers, body),
        "query": (method, path + ("&" if "?" in path else "?") + "x=1", headers, body),
        "encoded query": (method, path + ("&" if "?" in path else "?") + "X-Amz-Signature=1", headers, body),
        "body": (method, path, headers, body + b" "),
        "host": with_header(Host="localhost"),
        "date": with_header(X_Amz_Date=headers["X-Amz-Date"][:-2] + ("1Z" if headers["X-Amz-Date"][-2] != "1" else "2Z")),
        "unsigned header": with_header(X_Amz_Client_Context="e30="),
        "unsigned payload": with_header(X_Amz_Content_Sha256="UNSIGNED-PAYLOAD"),
        "token": with_header(X_Amz_Security_Token="made up"),
        "day of the scope": with_authorization(f"/{date}/", "/20200101/"),
        "region of the scope": with_authorization(f"/{REGION}/", "/eu-west-1/"),
        "service of the scope": with_authorization(f"/{service}/", "/iam/"),
        "end of the scope": with_authorization("aws4_request", "aws5_request"),
        "key": with_authorization(key, "AKIANOBODY"),
        "signed headers": with_authorization("host;", ""),
        "order of the signed headers": with_authorization("host;x-amz-date", "x-amz-date;host"),
        "signature": with_authorization(signature, ("0" if signature[0] != "0" else "1") + signature[1:]),
        "half a signature": with_authorization(signature, signature[:32]),
        "no signature": with_authorization(signature, ""),
        "algorithm": with_authorization("AWS4-HMAC-SHA256", "AWS4-HMAC-SHA1"),
    }
    for header in set(SERVICES[service]["headers"]) | {"X-Amz-Date"}:
        mutations[f"value of {header}"] = with_header(**{header: headers[header] + "x"})
        mutations[f"without {header}"] = method, path, {k: v for k, v in headers.items() if k != header}, body
    if path != "/":
        mutations["path"] = method, path.replace("functions", "layers"), headers, body
        mutations["the same path in other words"] = method, path.replace("/functions", "/x/../functions"), headers, body
    for what, mutation in mutations.items():
        status, text = send(server, *mutation)
        assert status in (400, 403, 404), f"{what}: {status} {text}"
        assert name and server.env["AWS_SECRET_ACCESS_KEY"] not in text and signature not in text, what


def test_each_service_refuses_in_its_own_words(server):
    wrong = key_of(server, secret_key="guess")
    unknown = key_of(server, access_key="AKIANOBODY")
    temporary = key_of(server, token="made up")
    for service, status, prefix in (("dynamodb", 400, "com.amazon.coral.service#"), ("logs", 400, ""), ("lambda", 403, "")):
        assert send(server, *signed(server, service, wrong))[0] == status
        for credentials, name, message in ((wrong, "InvalidSignatureException", "The request signature we calculated does not match"),
                                           (unknown, "UnrecognizedClientException", "The security token included in the request is invalid."),
                                           (temporary, "UnrecognizedClientException", "The security token included in the request is invalid.")):
            text = send(server, *signed(server, service, credentials))[1]
            assert prefix + name in text and message in text, (service, text)
        method, path, headers, body = signed(server, service)
        assert "MissingAuthenticationTokenException" in send(server, method, path, {"Host": headers["Host"], **SERVICES[service]["headers"]}, body)[1]
        assert "IncompleteSignatureException" in send(server, method, path, {**headers, "Authorization": "AWS4-HMAC-SHA256 Credential=a"}, body)[1]
    for service in ("sns", "sts", "cloudformation"):
        for credentials, name in ((wrong, "SignatureDoesNotMatch"), (unknown, "InvalidClientTokenId"), (temporary, "InvalidClientTokenId")):
            status, text = send(server, *signed(server, service, credentials))
            assert status == 403 and f"<Code>{name}</Code>" in text, (service, text)
    assert "Credential should be scoped to a valid region" in send(server, *signed(server, "lambda", region="eu-west-1"))[1]
    assert "Credential should be scoped to correct service: 'dynamodb'" in send(server, *signed(server, "dynamodb", scope="s3"))[1]


def test_a_signature_is_good_for_fifteen_minutes(server, monkeypatch):
    import botocore.auth

    def at(minutes):
        moment = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None) + datetime.timedelta(minutes=minutes)
        monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: moment)
        return send(server, *signed(server, "dynamodb"))
    assert at(-14)[0] == 200 and at(14)[0] == 200
    assert "Signature expired: " in at(-16)[1] and "Signature not yet current: " in at(16)[1]


def test_a_target_may_be_a_whole_address_whose_host_is_what_was_signed(server):
    method, path, headers, body = signed(server, "lambda")
    assert send(server, method, f"http://{headers['Host']}{path}", headers, body)[0] == 200
    assert send(server, method, f"http://localhost{path}", headers, body)[0] == 403


def test_presigned_urls_are_taken_where_aws_takes_them(server):
    sts = boto3.client("sts", endpoint_url=server.env["AWS_ENDPOINT_URL"], region_name=REGION, aws_access_key_id=server.env["AWS_ACCESS_KEY_ID"],
                       aws_secret_access_key=server.env["AWS_SECRET_ACCESS_KEY"])
    url = urlsplit(sts.generate_presigned_url("get_caller_identity", ExpiresIn=60, HttpMethod="GET"))
    host = {"Host": url.netloc}
    status, text = send(server, "GET", f"/?{url.query}", host, b"")
    assert status == 200 and "user/holdpoint" in text
    assert send(server, "GET", f"/?{url.query}&x=1", host, b"")[0] == 403
    assert send(server, "GET", f"/?{url.query.replace('Expires=60', 'Expires=600')}", host, b"")[0] == 403
    method, path, headers, body = signed(server, "dynamodb", signer=SigV4QueryAuth)
    status, text = send(server, method, path, headers, body)
    assert status == 400 and json.loads(text)["__type"].endswith("MissingAuthenticationTokenException")
