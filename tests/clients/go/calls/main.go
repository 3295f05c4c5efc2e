// Calls the server with AWS's SDK for Go, which finds it through the environment. Prints what was not as expected, and then ends with 1.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/attributevalue"
	"github.com/aws/aws-sdk-go-v2/feature/dynamodb/expression"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	tables "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	functions "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	topics "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

var (
	ctx    = context.Background()
	failed = false
)

func expect(what string, is bool, found ...any) {
	if !is {
		failed = true
		fmt.Println(what, found)
	}
}

func must[T any](answer T, err error) T {
	if err != nil {
		panic(err)
	}
	return answer
}

// refused looks for AWS's own class of the error, with status, request id and message.
func refused[T error](err error, status int) (T, bool) {
	var wanted T
	var response *awshttp.ResponseError
	is := errors.As(err, &wanted) && errors.As(err, &response) && response.HTTPStatusCode() == status && response.RequestID != "" && wanted.Error() != ""
	expect(fmt.Sprintf("%T with %d", wanted, status), is, err)
	return wanted, is
}

type record struct {
	ID      string                  `dynamodbav:"id"`
	N       int                     `dynamodbav:"n"`
	Exact   attributevalue.Number   `dynamodbav:"exact"`
	Words   []string                `dynamodbav:"words,stringset"`
	Expires attributevalue.UnixTime `dynamodbav:"expires"`
	Bytes   []byte                  `dynamodbav:"bytes"`
	Map     map[string]*time.Time   `dynamodbav:"map"`
	Empty   string                  `dynamodbav:"empty"`
}

func callDynamoDB(settings aws.Config, name string, isZipped bool) {
	client := dynamodb.NewFromConfig(settings, func(o *dynamodb.Options) { o.EnableAcceptEncodingGzip = isZipped })
	table := aws.String(name)
	described := &dynamodb.DescribeTableInput{TableName: table}
	must(client.CreateTable(ctx, &dynamodb.CreateTableInput{TableName: table, BillingMode: tables.BillingModePayPerRequest,
		AttributeDefinitions: []tables.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}, {AttributeName: aws.String("n"), AttributeType: "N"}},
		KeySchema:            []tables.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}, {AttributeName: aws.String("n"), KeyType: "RANGE"}}}))
	expect("the table exists", dynamodb.NewTableExistsWaiter(client).Wait(ctx, described, time.Minute) == nil)

	then := time.Unix(1700000000, 123456789).UTC()
	written := record{ID: "ü\u0000\u2028𝄞", N: 1, Exact: "12345678901234567890123456789012345678", Words: []string{"a"}, Expires: attributevalue.UnixTime(time.Unix(1700000000, 0)),
		Bytes: bytes.Repeat([]byte{0, 255}, 100_000), Map: map[string]*time.Time{"k.ü": &then, "none": nil}}
	item := must(attributevalue.MarshalMap(written))
	must(client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item}))
	key := map[string]tables.AttributeValue{"id": item["id"], "n": item["n"]}
	var read record
	err := attributevalue.UnmarshalMap(must(client.GetItem(ctx, &dynamodb.GetItemInput{TableName: table, Key: key})).Item, &read)
	expect("what was written is read", err == nil && fmt.Sprint(read.Map["k.ü"], read.Exact, read.Words, read.Expires, read.ID) == fmt.Sprint(then, written.Exact, written.Words, written.Expires, written.ID) && bytes.Equal(read.Bytes, written.Bytes), err)

	_, err = client.PutItem(ctx, &dynamodb.PutItemInput{TableName: table, Item: item, ConditionExpression: aws.String("attribute_not_exists(id)"), ReturnValuesOnConditionCheckFailure: "ALL_OLD"})
	if why, is := refused[*tables.ConditionalCheckFailedException](err, 400); is {
		expect("the item that was there", len(why.Item) == len(item), why.Item)
	}
	check := tables.ConditionCheck{TableName: table, Key: key, ConditionExpression: aws.String("attribute_not_exists(id)")}
	_, err = client.TransactWriteItems(ctx, &dynamodb.TransactWriteItemsInput{TransactItems: []tables.TransactWriteItem{{ConditionCheck: &check}}})
	if why, is := refused[*tables.TransactionCanceledException](err, 400); is {
		expect("a reason", len(why.CancellationReasons) == 1 && *why.CancellationReasons[0].Code == "ConditionalCheckFailed", why)
	}
	_, err = client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("nobody")})
	refused[*tables.ResourceNotFoundException](err, 400)

	for batch := range 4 {
		var puts []tables.WriteRequest
		for i := range 25 {
			more := map[string]tables.AttributeValue{"id": &tables.AttributeValueMemberS{Value: "b"}, "n": &tables.AttributeValueMemberN{Value: strconv.Itoa(25*batch + i)},
				"text": &tables.AttributeValueMemberS{Value: strings.Repeat("x", 20_000)}}
			puts = append(puts, tables.WriteRequest{PutRequest: &tables.PutRequest{Item: more}})
		}
		done := must(client.BatchWriteItem(ctx, &dynamodb.BatchWriteItemInput{RequestItems: map[string][]tables.WriteRequest{name: puts}}))
		expect("nothing is left", done.UnprocessedItems != nil && len(done.UnprocessedItems) == 0)
	}
	built := must(expression.NewBuilder().WithKeyCondition(expression.Key("id").Equal(expression.Value("b")).And(expression.KeyLessThan(expression.Key("n"), expression.Value(90)))).
		WithFilter(expression.Size(expression.Name("text")).GreaterThan(expression.Value(5))).Build())
	pages := dynamodb.NewQueryPaginator(client, &dynamodb.QueryInput{TableName: table, KeyConditionExpression: built.KeyCondition(), FilterExpression: built.Filter(),
		ExpressionAttributeNames: built.Names(), ExpressionAttributeValues: built.Values()})
	count, pageCount := 0, 0
	for pages.HasMorePages() {
		count += len(must(pages.NextPage(ctx)).Items)
		pageCount++
	}
	expect("two pages", count == 90 && pageCount == 2, count, pageCount)
	must(client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: table}))
	quick := func(o *dynamodb.TableNotExistsWaiterOptions) { o.MinDelay = 100 * time.Millisecond }
	expect("the table is gone", dynamodb.NewTableNotExistsWaiter(client, quick).Wait(ctx, described, time.Minute) == nil)
}

func callLambda(settings aws.Config, name string) {
	client := lambda.NewFromConfig(settings)
	function := aws.String(name)
	expect("it is active", lambda.NewFunctionActiveV2Waiter(client).Wait(ctx, &lambda.GetFunctionInput{FunctionName: function}, time.Minute) == nil)
	must(client.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: function, Description: aws.String("ü & <>")}))
	expect("it is updated", lambda.NewFunctionUpdatedV2Waiter(client).Wait(ctx, &lambda.GetFunctionInput{FunctionName: function}, time.Minute) == nil)
	_, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: function, Payload: []byte("{")})
	refused[*functions.InvalidRequestContentException](err, 400)
	_, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: function, Payload: bytes.Repeat([]byte("1"), 6*1024*1024+1)})
	refused[*functions.RequestTooLargeException](err, 413)
	_, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("nobody")})
	refused[*functions.ResourceNotFoundException](err, 404)
	must(client.PutFunctionConcurrency(ctx, &lambda.PutFunctionConcurrencyInput{FunctionName: function, ReservedConcurrentExecutions: aws.Int32(0)}))
	_, err = client.Invoke(ctx, &lambda.InvokeInput{FunctionName: function}) // which the SDK tries three times
	if why, is := refused[*functions.TooManyRequestsException](err, 429); is {
		expect("why it waits", why.Reason == functions.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded, why.Reason)
	}
	must(client.DeleteFunctionConcurrency(ctx, &lambda.DeleteFunctionConcurrencyInput{FunctionName: function}))
}

func callSNS(settings aws.Config) {
	client := sns.NewFromConfig(settings)
	const display = "ü <&>\"'\r\n "
	topic := must(client.CreateTopic(ctx, &sns.CreateTopicInput{Name: aws.String("go"), Attributes: map[string]string{"DisplayName": display}})).TopicArn
	attributes := must(client.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: topic})).Attributes
	expect("its name", attributes["DisplayName"] == display, attributes)
	_, err := client.Publish(ctx, &sns.PublishInput{TopicArn: topic, Message: aws.String(strings.Repeat("x", 300_000))})
	refused[*topics.InvalidParameterException](err, 400)
	one := topics.PublishBatchRequestEntry{Id: aws.String("1"), Message: aws.String("m")}
	_, err = client.PublishBatch(ctx, &sns.PublishBatchInput{TopicArn: topic, PublishBatchRequestEntries: []topics.PublishBatchRequestEntry{one, one}})
	refused[*topics.BatchEntryIdsNotDistinctException](err, 400)
	must(client.DeleteTopic(ctx, &sns.DeleteTopicInput{TopicArn: topic}))
}

func main() {
	settings := must(config.LoadDefaultConfig(ctx))
	expect("who calls", strings.HasSuffix(*must(sts.NewFromConfig(settings).GetCallerIdentity(ctx, nil)).Arn, ":user/holdpoint"))
	callDynamoDB(settings, "go-plain", false)
	callDynamoDB(settings, "go-zipped", true)
	callLambda(settings, os.Args[1])
	callSNS(settings)
	if failed {
		os.Exit(1)
	}
}
