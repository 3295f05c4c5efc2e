// A function with AWS's runtime for Go: it does what its event says, or else tells what it was given.
package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

type noSuchOrder struct{}

func (noSuchOrder) Error() string { return "order 7" }

// breaksOff is a response that is streamed, and has a part.
type breaksOff struct{ hasBegun bool }

func (r *breaksOff) Read(bytes []byte) (int, error) {
	if r.hasBegun {
		return 0, noSuchOrder{}
	}
	r.hasBegun = true
	return copy(bytes, "half"), nil
}

func handle(ctx context.Context, event map[string]string) (any, error) {
	switch event["do"] {
	case "fail":
		return nil, noSuchOrder{}
	case "panic":
		panic("oh no")
	case "exit":
		os.Exit(3)
	case "stream":
		return strings.NewReader("<html>"), nil
	case "break off":
		return &breaksOff{}, nil
	}
	known, _ := lambdacontext.FromContext(ctx)
	deadline, _ := ctx.Deadline()
	return map[string]any{"arn": known.InvokedFunctionArn, "custom": known.ClientContext.Custom["who"], "tenant": known.TenantID,
		"group": lambdacontext.LogGroupName, "trace": os.Getenv("_X_AMZN_TRACE_ID"), "left": time.Until(deadline).Seconds()}, nil
}

func main() {
	lambda.StartWithOptions(handle, lambda.WithEnableSIGTERM(func() {
		fmt.Println("told to end")
		os.Exit(0)
	}))
}
