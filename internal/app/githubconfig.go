package app

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// webhookSecret is where the secret of the webhook may stand in the environment. There
// is no flag for it.
const webhookSecret = "CHANGECTL_GITHUB_WEBHOOK_SECRET" //nolint:gosec // a name

// leastEvery is the shortest time between comparisons with GitHub: each costs requests.
const leastEvery = 10 * time.Second

// complete reads the secrets and checks the whole. An App without a secret for its
// webhook would believe anybody.
func (g *GitHubConfig) complete(need func(ok bool, key, what string), listen string) (problems []error) {
	if g.AppID == 0 {
		return nil
	}
	if g.Every == 0 {
		g.Every = 5 * time.Minute
	}
	need(g.AppID > 0, "github.app-id", fmt.Sprintf("is %d; expected the number of a GitHub App", g.AppID))
	need(listen != "", "api.listen", "is empty; the GitHub App's webhooks come in there")
	need(g.PrivateKeyFile != "", "github.private-key-file", "is missing; expected the App's private key")
	need(g.Every >= leastEvery, "github.compare-every", fmt.Sprintf("is %s; at least %s", g.Every, leastEvery))
	for key, address := range map[string]string{"github.api-url": g.APIURL, "github.server-url": g.ServerURL, "github.temporal-url": g.TemporalURL} {
		u, err := url.Parse(address)
		need(address == "" || (err == nil && u.Host != ""), key, fmt.Sprintf("%q is no address", address))
	}
	var err error
	if g.PrivateKeyFile != "" {
		if g.key, err = os.ReadFile(g.PrivateKeyFile); err != nil {
			problems = append(problems, fmt.Errorf("read the App's private key: %w", err))
		}
	}
	g.secret = []byte(os.Getenv(webhookSecret))
	if g.WebhookSecretFile != "" {
		if g.secret, err = os.ReadFile(g.WebhookSecretFile); err != nil {
			return append(problems, fmt.Errorf("read the webhook's secret: %w", err))
		}
	}
	g.secret = bytes.TrimSpace(g.secret)
	need(len(g.secret) > 0, "github.webhook-secret-file", "is missing or empty; without a secret anybody could speak as GitHub (or set "+webhookSecret+")")
	return problems
}

func (g GitHubConfig) repositories() []string {
	return strings.FieldsFunc(g.Repositories, func(r rune) bool { return r == ',' || r == ' ' })
}
