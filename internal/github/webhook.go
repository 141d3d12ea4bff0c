package github

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// MaxPayload is the largest body of a webhook, in bytes; GitHub sends no larger one.
const MaxPayload = 25 << 20

// Receiver takes webhooks in.
type Receiver struct{ secrets [][]byte }

// NewReceiver returns a receiver for the webhook's secret, or for several while one
// is replaced by another. An empty one is an error: it would let everybody in.
func NewReceiver(secrets ...[]byte) (*Receiver, error) {
	if len(secrets) == 0 {
		return nil, errors.New("the webhook needs a secret")
	}
	for _, s := range secrets {
		if len(s) == 0 {
			return nil, errors.New("the secret of the webhook is empty")
		}
	}
	return &Receiver{secrets: secrets}, nil
}

// Receive verifies a webhook and says whom to look at. Denied says that it is not
// signed with a secret, Invalid that it is none of GitHub's.
func (r *Receiver) Receive(header http.Header, body io.Reader) (Event, error) {
	payload, err := verify(r.secrets, header, body)
	if err != nil {
		return Event{}, err
	}
	e, err := Parse(header.Get("X-GitHub-Event"), payload)
	e.Delivery = header.Get("X-GitHub-Delivery")
	return e, err
}

// Verify returns the body of a webhook that is signed with the secret: by HMAC with
// SHA-256, the older SHA-1 is not enough. Denied says that it is not, or that the
// secret is empty; Invalid that the body is not JSON or has more than MaxPayload bytes.
//
// https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries
func Verify(secret []byte, header http.Header, body io.Reader) ([]byte, error) {
	return verify([][]byte{secret}, header, body)
}

func verify(secrets [][]byte, header http.Header, body io.Reader) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, change.Invalid("a webhook must be application/json").WithHint("set the content type of the App's webhook")
	}
	given, err := signature(header)
	if err != nil {
		return nil, err
	}
	payload, err := io.ReadAll(io.LimitReader(body, MaxPayload+1))
	if err != nil {
		return nil, fmt.Errorf("read a webhook: %w", err)
	}
	if len(payload) > MaxPayload {
		return nil, change.Invalid("a webhook has more than %d bytes", MaxPayload)
	}
	for _, s := range secrets {
		if len(s) > 0 && hmac.Equal(given, sign(s, payload)) {
			return payload, nil
		}
	}
	return nil, change.Denied("the signature of a webhook is wrong").WithHint("give the App's webhook the secret that is configured here")
}

func signature(header http.Header) ([]byte, error) {
	values := header.Values("X-Hub-Signature-256")
	if len(values) != 1 {
		return nil, change.Denied("a webhook must have one X-Hub-Signature-256").WithHint("set the secret of the App's webhook")
	}
	digits, ok := strings.CutPrefix(values[0], "sha256=")
	given, err := hex.DecodeString(digits)
	if !ok || err != nil || len(given) != sha256.Size {
		return nil, change.Denied("the X-Hub-Signature-256 of a webhook is not a SHA-256")
	}
	return given, nil
}

func sign(secret, payload []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write(payload)
	return mac.Sum(nil)
}
