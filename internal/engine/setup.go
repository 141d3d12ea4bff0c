package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/changectl/changectl/workflows"
)

// retention is how long a new namespace keeps the history of ended workflows.
const retention = 90 * 24 * time.Hour

// SetUp makes sure that the namespace exists and knows the search attributes. It
// may be called at every start. Where the account may not administer Temporal
// (as in Temporal Cloud), missing attributes are an error that lists them.
func SetUp(ctx context.Context, o client.Options) error {
	nc, err := client.NewNamespaceClient(o)
	if err != nil {
		return fmt.Errorf("connect to Temporal at %s: %w", o.HostPort, err)
	}
	defer nc.Close()
	err = nc.Register(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: o.Namespace, WorkflowExecutionRetentionPeriod: durationpb.New(retention),
	})
	var exists *serviceerror.NamespaceAlreadyExists
	var denied *serviceerror.PermissionDenied
	if err != nil && !errors.As(err, &exists) && !errors.As(err, &denied) {
		return fmt.Errorf("register namespace %s: %w", o.Namespace, err)
	}
	c, err := client.NewLazyClient(o)
	if err != nil {
		return fmt.Errorf("connect to Temporal at %s: %w", o.HostPort, err)
	}
	defer c.Close()
	return addAttributes(ctx, c, o.Namespace)
}

func addAttributes(ctx context.Context, c client.Client, namespace string) error {
	known, err := awaitNamespace(ctx, c, namespace)
	if err != nil {
		return fmt.Errorf("list search attributes of namespace %s: %w", namespace, err)
	}
	missing, names := map[string]enumspb.IndexedValueType{}, []string{}
	for _, a := range workflows.SearchAttributes {
		if have, ok := known.GetCustomAttributes()[a.GetName()]; !ok {
			missing[a.GetName()] = a.GetValueType()
			names = append(names, a.GetName()+"="+a.GetValueType().String())
		} else if have != a.GetValueType() {
			return fmt.Errorf("search attribute %s of namespace %s has the type %s; the product needs %s: use another namespace", a.GetName(), namespace, have, a.GetValueType())
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(names)
	_, err = c.OperatorService().AddSearchAttributes(ctx, &operatorservice.AddSearchAttributesRequest{
		Namespace: namespace, SearchAttributes: missing,
	})
	if err != nil {
		return fmt.Errorf("add search attributes %s to namespace %s: %w", strings.Join(names, ", "), namespace, err)
	}
	return awaitUse(ctx, c, namespace)
}

// awaitUse waits until the servers, which read the namespace now and then, take
// the attributes that were added.
func awaitUse(ctx context.Context, c client.Client, namespace string) error {
	var parts []string
	for _, a := range workflows.SearchAttributes {
		parts = append(parts, a.GetName()+" IS NULL")
	}
	query := strings.Join(parts, " AND ")
	return poll(ctx, func() (bool, error) {
		_, err := c.CountWorkflow(ctx, &workflowservice.CountWorkflowExecutionsRequest{Namespace: namespace, Query: query})
		var unknown *serviceerror.InvalidArgument
		return err == nil || !errors.As(err, &unknown), err
	})
}

// poll asks until the answer is settled, and returns the error that came with it.
func poll(ctx context.Context, ask func() (settled bool, err error)) error {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		settled, err := ask()
		if settled {
			return err
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-tick.C:
		}
	}
}

// awaitNamespace lists the search attributes, once the servers have heard of a
// namespace that was registered a moment ago.
func awaitNamespace(ctx context.Context, c client.Client, namespace string) (known *operatorservice.ListSearchAttributesResponse, err error) {
	err = poll(ctx, func() (bool, error) {
		known, err = c.OperatorService().ListSearchAttributes(ctx, &operatorservice.ListSearchAttributesRequest{Namespace: namespace})
		var gone *serviceerror.NamespaceNotFound
		return !errors.As(err, &gone), err
	})
	return known, err
}
