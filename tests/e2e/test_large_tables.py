"""What changing a large table leaves to do goes on after kill -9, and comes to its end."""
from holdpoint import eventually

ITEMS = 3000
TABLE = {"TableName": "things"}
KEYS = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
        "BillingMode": "PAY_PER_REQUEST"}


def test_a_large_table_changes_over_crashes(own_server):
    def after_crash():
        own_server.kill()
        own_server.start()
        return own_server.client("dynamodb")

    dynamodb = own_server.client("dynamodb")
    dynamodb.create_table(**TABLE, **KEYS)
    for first in range(0, ITEMS, 25):
        dynamodb.batch_write_item(RequestItems={"things": [
            {"PutRequest": {"Item": {"id": {"S": str(at)}, "city": {"S": "Oslo"}, "due": {"N": "4000000000"}}}} for at in range(first, first + 25)]})

    def count(**index):
        pages = dynamodb.get_paginator("scan").paginate(**TABLE, Select="COUNT", **index)
        return sum(page["Count"] for page in pages)

    assert count() == ITEMS
    dynamodb.update_table(**TABLE, AttributeDefinitions=[{"AttributeName": "city", "AttributeType": "S"}], GlobalSecondaryIndexUpdates=[
        {"Create": {"IndexName": "by-city", "Projection": {"ProjectionType": "KEYS_ONLY"}, "KeySchema": [{"AttributeName": "city", "KeyType": "HASH"}]}}])
    dynamodb = after_crash()
    eventually("the index is there", lambda: dynamodb.describe_table(**TABLE)["Table"]["TableStatus"] == "ACTIVE")
    assert count(IndexName="by-city") == ITEMS

    dynamodb.update_time_to_live(**TABLE, TimeToLiveSpecification={"AttributeName": "due", "Enabled": True})
    dynamodb = after_crash()
    eventually("items expire", lambda: dynamodb.describe_time_to_live(**TABLE)["TimeToLiveDescription"]["TimeToLiveStatus"] == "ENABLED")

    dynamodb.delete_table(**TABLE)
    dynamodb = after_crash()
    dynamodb.get_waiter("table_not_exists").wait(**TABLE, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    dynamodb.create_table(**TABLE, **KEYS)
    assert count() == 0
