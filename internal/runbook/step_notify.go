package runbook

import "github.com/changectl/changectl/internal/change"

// Notify posts a message to a webhook.
type Notify struct {
	Webhook string `yaml:"webhook" json:"webhook,omitempty"` // its address
	Secret  string `yaml:"secret" json:"secret,omitempty"`   // or the name of the secret that holds the address
	Message string `yaml:"message,required" json:"message"`
}

// Systems implements Kind.
func (n *Notify) Systems() []change.Ref { return nil }

// Resumable implements Kind: the message may have been sent.
func (n *Notify) Resumable() bool { return false }

func (n *Notify) complete(fail func(string, string, ...any)) {
	if (n.Webhook == "") == (n.Secret == "") {
		fail("", "expected exactly one of webhook (an address) and secret (the name of the secret that holds it)")
	}
	if n.Webhook != "" {
		checkURL(n.Webhook, "webhook", fail)
	}
	if n.Message == "" {
		fail("message", "is empty; expected a text")
	}
}
