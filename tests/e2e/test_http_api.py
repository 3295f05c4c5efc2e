"""HTTP APIs of templates: routes to functions, payload format 2.0, CORS, AWS_IAM, proxies; as a browser or curl would use them."""
import base64
import http.client
import json
from urllib.parse import quote, urlsplit

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from packages import folder

TEMPLATE = """Transform: AWS::Serverless-2016-10-31
Resources:
  Echo:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Runtime: provided.al2023
      Timeout: 10
      AutoPublishAlias: live
      Events:
        Item: {Type: HttpApi, Properties: {Path: "/items/{id}", Method: GET}}
        Slow: {Type: HttpApi, Properties: {Path: /slow, Method: GET, TimeoutInMillis: 1000}}
        Files: {Type: HttpApi, Properties: {Path: "/files/{proxy+}", Method: ANY}}
        Prod: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /open, Method: POST, Auth: {Authorizer: NONE}}}
        Closed: {Type: HttpApi, Properties: {ApiId: !Ref Api, Path: /closed, Method: GET}}
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      StageName: prod
      Auth: {DefaultAuthorizer: AWS_IAM}
      CorsConfiguration: {AllowOrigins: ["https://a.example"], AllowMethods: [POST], AllowHeaders: [content-type]}
Outputs:
  Url: {Value: !Sub "https://${ServerlessHttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}"}
  Prod: {Value: !Sub "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"}
"""


@pytest.fixture(scope="module")
def urls(server, tmp_path_factory):
    home = tmp_path_factory.mktemp("http")
    folder(home / "code")
    (home / "template.yaml").write_text(TEMPLATE)
    outputs = json.loads(server.deploy("http", template=home / "template.yaml").stdout)["outputs"]
    return outputs["Url"], outputs["Prod"]


def call(url, method="GET", body=None, headers=(), host=None):
    """Status, headers as pairs and body; nothing is encoded or followed."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    connection.putrequest(method, parts.path + ("?" + parts.query if parts.query else ""), skip_host=host is not None)
    for name, value in [*headers, *([("Host", host)] if host else []), *([("Content-Length", str(len(body)))] if body is not None else [])]:
        connection.putheader(name, value)
    connection.endheaders(body)
    response = connection.getresponse()
    return response.status, response.getheaders(), response.read()


def test_a_request_reaches_the_function_in_format_2(server, urls):
    status, headers, body = call(urls[0] + "/items/a%20b?x=1&x=2&y=%26", headers=[("X-Own", "1"), ("x-own", "2"), ("Cookie", "c=1; d=2")])
    assert status == 200 and ("content-type", "application/json") in [(n.lower(), v) for n, v in headers]
    event = json.loads(body)
    assert (event["version"], event["routeKey"], event["rawPath"]) == ("2.0", "GET /items/{id}", "/items/a b")
    assert event["pathParameters"] == {"id": "a b"} and event["queryStringParameters"] == {"x": "1,2", "y": "&"}
    assert event["rawQueryString"] == "x=1&x=2&y=%26" and event["cookies"] == ["c=1", "d=2"] and event["headers"]["x-own"] == "1,2"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1" and event["requestContext"]["stage"] == "$default"
    assert event["isBase64Encoded"] is False and "body" not in event
    assert [value for name, value in headers if name.lower() == "apigw-requestid"] == [event["requestContext"]["requestId"]]


def test_behind_a_trusted_proxy_the_client_is_who_the_proxy_saw(server, urls, own_server, tmp_path):
    def seen(url, *headers):
        status, _, body = call(url + "/items/1", headers=headers)
        event = json.loads(body)
        assert status == 200
        return event["requestContext"]["http"]["sourceIp"], event["headers"]["x-forwarded-for"], event["headers"]["x-forwarded-proto"]
    forged = [("X-Forwarded-For", "192.0.2.7"), ("X-Forwarded-Proto", "https")]
    assert seen(urls[0], *forged) == ("127.0.0.1", "192.0.2.7,127.0.0.1", "http")
    own_server.stop()
    own_server.variables = {"HOLDPOINT_TRUSTED_PROXIES": "127.0.0.1, 10.0.0.0/8"}
    own_server.start()
    folder(tmp_path / "code")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    url = json.loads(own_server.deploy("http", template=tmp_path / "template.yaml").stdout)["outputs"]["Url"]
    assert seen(url, *forged) == ("192.0.2.7", "192.0.2.7", "https")
    assert seen(url, ("X-Forwarded-For", "203.0.113.9, 192.0.2.7"), ("X-Forwarded-For", "10.1.2.3")) == ("192.0.2.7", "203.0.113.9,192.0.2.7", "http")
    assert seen(url) == ("127.0.0.1", "127.0.0.1", "http")


def test_addresses_are_the_public_url_where_there_is_one(own_server, tmp_path):
    own_server.stop()
    own_server.variables = {"HOLDPOINT_PUBLIC_URL": "https://approvals.example.com/"}
    own_server.start()
    folder(tmp_path / "code")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    url = json.loads(own_server.deploy("http", template=tmp_path / "template.yaml").stdout)["outputs"]["Url"]
    assert url.startswith("https://approvals.example.com/_apis/")
    here = own_server.env["AWS_ENDPOINT_URL"]
    assert here.startswith("http://127.0.0.1:") and call(url.replace("https://approvals.example.com", here) + "/items/1")[0] == 200


def test_what_the_function_answers_is_the_response(server, urls):
    def answered(answer):
        return call(urls[0] + "/items/1?answer=" + quote(json.dumps(answer)))
    status, headers, body = answered({"statusCode": 201, "headers": {"X-Own": "v"}, "cookies": ["a=1", "b=2"], "isBase64Encoded": True,
                                      "body": base64.b64encode(b"\xff\x00").decode()})
    assert (status, body) == (201, b"\xff\x00")
    assert [v for n, v in headers if n.lower() == "set-cookie"] == ["a=1", "b=2"] and ("x-own", "v") in headers
    assert answered("Hello")[2] == b"Hello"
    assert answered({"statusCode": "no"})[::2] == (500, b'{"message":"Internal Server Error"}')
    assert answered({"statusCode": 200, "body": {"not": "a text"}})[::2] == (500, b'{"message":"Internal Server Error"}')
    assert "its body is no text" in server.log.read_text()


def test_bodies_and_greedy_paths(server, urls):
    status, _, body = call(urls[0] + "/files/a/b%2Fc", "PUT", b"text", [("Content-Type", "text/plain")])
    event = json.loads(body)
    assert status == 200 and event["pathParameters"] == {"proxy": "a/b/c"} and event["body"] == "text"
    event = json.loads(call(urls[0] + "/files/x", "POST", b"\xff\x00", [("Content-Type", "image/png")])[2])
    assert event["isBase64Encoded"] is True and base64.b64decode(event["body"]) == b"\xff\x00"
    assert call(urls[0] + "/files/x", "POST", b"x" * 10485761)[0] == 413


def test_what_strangers_put_into_headers_is_limited_as_on_aws(server, urls):
    assert call(urls[0] + "/items/1", headers=[("X-Amzn-Trace-Id", "x" * 9000)])[0] == 200
    assert call(urls[0] + "/items/1", headers=[("X-Amzn-Trace-Id", "x" * 10240)])[::2] == (431, b'{"message":"Request Header Fields Too Large"}')


def test_only_the_templates_routes_are_there(server, urls):
    for url in (urls[0] + "/items", urls[0] + "/items/1/2", urls[0] + "/", urls[1] + "/items/1", urls[1].removesuffix("/prod") + "/open",
                server.env["AWS_ENDPOINT_URL"] + "/_apis/nothing/items/1"):
        assert call(url)[::2] == (404, b'{"message":"Not Found"}'), url
    assert call(urls[0] + "/items/1", "POST", b"")[0] == 404


def test_who_is_too_slow_gets_503(server, urls):
    assert call(urls[0] + "/slow?sleep=4")[::2] == (503, b'{"message":"Service Unavailable"}')


def test_the_host_names_the_api_too(server, urls):
    api_id = urls[1].split("/_apis/")[1].split("/")[0]
    status, _, body = call(server.env["AWS_ENDPOINT_URL"] + "/prod/open", "POST", b"{}", [("Content-Type", "application/json")],
                           host=f"{api_id}.execute-api.us-east-1.amazonaws.com")
    event = json.loads(body)
    assert status == 200 and event["rawPath"] == "/prod/open" and event["requestContext"]["apiId"] == api_id


def test_cors_is_answered_by_the_api(server, urls):
    origin = ("Origin", "https://a.example")
    status, headers, body = call(urls[1] + "/open", "OPTIONS", headers=[origin, ("Access-Control-Request-Method", "POST")])
    assert (status, body) == (204, b"") and ("access-control-allow-origin", "https://a.example") in headers
    assert ("access-control-allow-origin", "https://a.example") in call(urls[1] + "/open", "POST", b"", [origin])[1]
    assert "access-control-allow-origin" not in dict(call(urls[1] + "/open", "POST", b"", [("Origin", "https://b.example")])[1])


def test_aws_iam_lets_in_who_signs(server, urls):
    assert call(urls[1] + "/closed")[::2] == (403, b'{"message":"Forbidden"}')
    request = AWSRequest("GET", urls[1] + "/closed", headers={"Host": urlsplit(urls[1]).netloc})
    keys = Credentials(server.env["AWS_ACCESS_KEY_ID"], server.env["AWS_SECRET_ACCESS_KEY"])
    SigV4Auth(keys, "execute-api", "us-east-1").add_auth(request)
    headers = [(name, value) for name, value in request.headers.items() if name.lower() != "host"]
    status, _, body = call(urls[1] + "/closed", headers=headers)
    iam = json.loads(body)["requestContext"]["authorizer"]["iam"]
    assert status == 200 and iam["userArn"].endswith("user/holdpoint") and iam["accessKey"] == server.env["AWS_ACCESS_KEY_ID"]
    wrong = [(name, value[:-1] + "x" if name == "Authorization" else value) for name, value in headers]
    assert call(urls[1] + "/closed", headers=wrong)[0] == 403


def test_routes_go_with_their_stack(own_server, tmp_path):
    folder(tmp_path / "code")
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    url = json.loads(own_server.deploy("gone", template=tmp_path / "template.yaml").stdout)["outputs"]["Url"]
    own_server.restart()
    assert call(url + "/items/1")[0] == 200, "after a restart it is still there"
    own_server.run("delete", "--data", own_server.data, "--stack-name", "gone", "--yes")
    assert call(url + "/items/1")[0] == 404
