package github

import (
	"context"
	"errors"
	"fmt"
	"time"

	gh "github.com/google/go-github/v60/github"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/proposal"
)

// Deliveries returns the deliveries of the App's webhook since a moment, newest
// first. GitHub keeps them for three days.
func (c *Client) Deliveries(ctx context.Context, since time.Time) ([]proposal.Delivery, error) {
	if !c.isApp() {
		return nil, change.Denied("only the GitHub App sees its deliveries")
	}
	api := c.access.self(c).api
	var all []proposal.Delivery
	for o := (&gh.ListCursorOptions{PerPage: perPage}); ; {
		got, resp, err := api.Apps.ListHookDeliveries(ctx, o)
		if err != nil {
			return nil, explain(ctx, "list the deliveries of the webhook", err)
		}
		for _, d := range got {
			if d.GetDeliveredAt().Before(since) {
				return all, nil
			}
			all = append(all, deliveryOf(d))
		}
		if resp.Cursor == "" || resp.Cursor == o.Cursor {
			return all, nil
		}
		o.Cursor = resp.Cursor
	}
}

func deliveryOf(d *gh.HookDelivery) proposal.Delivery {
	return proposal.Delivery{
		ID: d.GetID(), GUID: d.GetGUID(), At: d.GetDeliveredAt().Time, Redelivery: d.GetRedelivery(),
		Status: d.GetStatusCode(), Event: d.GetEvent(),
	}
}

// Redeliver lets GitHub deliver once more.
func (c *Client) Redeliver(ctx context.Context, id int64) error {
	if !c.isApp() {
		return change.Denied("only the GitHub App can redeliver")
	}
	_, _, err := c.access.self(c).api.Apps.RedeliverHookDelivery(ctx, id)
	var accepted *gh.AcceptedError
	if errors.As(err, &accepted) { // the library takes the 202 for an error
		return nil
	}
	return explain(ctx, fmt.Sprintf("redeliver %d", id), err)
}
