package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	readyTimeout  = 30 * time.Second
	readyInterval = 5 * time.Millisecond
)

// awaitReady waits until namespace and search attributes can be used, and the Web UI answers.
func awaitReady(ctx context.Context, o options, p ports) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	conn, err := grpc.NewClient(p.address(o.ip), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return fmt.Errorf("connect to the server: %w", err)
	}
	defer func() { _ = conn.Close() }()
	if err := until(ctx, func() error { return checkNamespace(ctx, conn, o) }); err != nil {
		return fmt.Errorf("wait for the server: %w", err)
	}
	if p.ui == 0 {
		return nil
	}
	if err := until(ctx, func() error { return checkUI(ctx, p.uiURL(o.ip)) }); err != nil {
		return fmt.Errorf("wait for the Web UI: %w", err)
	}
	return nil
}

// until repeats a check until it passes or ctx ends; then it returns what was wrong last.
func until(ctx context.Context, check func() error) error {
	tick := time.NewTicker(readyInterval)
	defer tick.Stop()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

func checkNamespace(ctx context.Context, conn grpc.ClientConnInterface, o options) error {
	_, err := workflowservice.NewWorkflowServiceClient(conn).DescribeNamespace(ctx, &workflowservice.DescribeNamespaceRequest{Namespace: o.namespace})
	if err != nil {
		return err
	}
	have, err := operatorservice.NewOperatorServiceClient(conn).ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: o.namespace})
	if err != nil {
		return err
	}
	for name, typ := range o.attributes {
		if got := have.GetCustomAttributes()[name]; got != typ {
			return fmt.Errorf("search attribute %s is %s, expected %s", name, nameOf(got), typ)
		}
	}
	return nil
}

func nameOf(t enumspb.IndexedValueType) string {
	if t == enumspb.INDEXED_VALUE_TYPE_UNSPECIFIED {
		return "absent"
	}
	return t.String()
}

func checkUI(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url+"/healthz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", resp.Status)
	}
	return nil
}
