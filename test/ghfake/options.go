package ghfake

import (
	"crypto/rsa"
	"time"
)

// Options say how a server starts. The zero value is a good one.
type Options struct {
	// Dir is where the git repositories are kept. When empty, a folder is made and
	// removed again by Close.
	Dir string
	// Now is the clock; time.Now when nil. See Server.Advance.
	Now func() time.Time
	// AppID and Slug are those of the App; 4321 and changectl when empty.
	AppID int64
	Slug  string
	// Key is the App's key. When nil, one is made for the process.
	Key *rsa.PrivateKey
	// Events are those that the App subscribed to; all when empty.
	Events []string
	// RateLimit is how many requests an installation has in an hour; 5000 when 0.
	RateLimit int
	// Unchecked leaves requests and answers unchecked, for measuring speed.
	Unchecked bool
}

func (o Options) completed() (Options, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.AppID == 0 {
		o.AppID = 4321
	}
	if o.Slug == "" {
		o.Slug = "changectl"
	}
	if o.RateLimit == 0 {
		o.RateLimit = 5000
	}
	if o.Key == nil {
		key, err := processKey()
		if err != nil {
			return o, err
		}
		o.Key = key
	}
	return o, nil
}
