package execute

import (
	"context"
	"net/http"

	"github.com/changectl/changectl/internal/change"
	"github.com/changectl/changectl/internal/runbook"
)

// notify posts {text, change, step} to a webhook.
func notify(ctx context.Context, t *task, with *runbook.Notify) (seen, error) {
	address := with.Webhook
	if with.Secret != "" {
		var err error
		if address, err = t.secret(with.Secret); err != nil {
			return seen{}, err
		}
	}
	out, err := request(ctx, t, &runbook.HTTP{
		Method: http.MethodPost, URL: address, OutputLimit: runbook.DefaultOutput,
		JSON: map[string]any{"text": with.Message, "change": t.run.Change, "step": t.step.Name},
	})
	if err != nil {
		return out, err
	}
	if status, _ := out.vars["status"].(int); status < 200 || status > 299 {
		return out, change.FailedTo("the webhook answered %s", out.message)
	}
	out.keep, out.message = nil, "told: "+with.Message
	return out, nil
}
