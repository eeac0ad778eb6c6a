package oauth

import (
	"cmp"
	"context"
	"errors"
	"net/url"
	"time"
)

// Device is a sign-in that is done with another device (RFC 8628, 3.2).
type Device struct {
	Code     string // Secret.
	UserCode string // What the person enters at VerifyAt.
	VerifyAt string
	Interval time.Duration
	Life     time.Duration
}

// Device begins a sign-in with another device.
func (c *Client) Device(ctx context.Context, a App) (Device, error) {
	e, err := c.Discover(ctx, a)
	if err != nil {
		return Device{}, err
	}
	if e.Device == "" {
		return Device{}, a.unreachable(errors.New("identity provider has no device codes"))
	}
	var answer struct {
		Code     string `json:"device_code"`
		UserCode string `json:"user_code"`
		VerifyAt string `json:"verification_uri"`
		Google   string `json:"verification_url"` // Seen in practice.
		Life     int    `json:"expires_in"`
		Interval int    `json:"interval"`
	}
	form := url.Values{"client_id": {a.ClientID}, "scope": {a.Scope}}
	if err := c.post(ctx, a, e.Device, form, &answer); err != nil {
		return Device{}, err
	}
	if answer.VerifyAt == "" {
		answer.VerifyAt = answer.Google
	}
	u, err := url.Parse(answer.VerifyAt)
	if err != nil || u.Scheme != "https" || answer.Code == "" || answer.UserCode == "" {
		return Device{}, a.unreachable(errors.New("identity provider answered without a device code"))
	}
	return Device{
		Code: answer.Code, UserCode: answer.UserCode, VerifyAt: answer.VerifyAt,
		Interval: time.Duration(min(max(answer.Interval, 1), 60)) * time.Second, Life: time.Duration(min(cmp.Or(max(answer.Life, 0), 60), 1800)) * time.Second,
	}, nil
}

// Poll asks whether a sign-in with another device is done. Until it is, done is false; slower says to ask less often.
func (c *Client) Poll(ctx context.Context, a App, code string) (t Token, done, slower bool, err error) {
	t, _, err = c.token(ctx, a, url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {code}})
	if errors.Is(err, errPending) || errors.Is(err, errSlower) {
		return Token{}, false, errors.Is(err, errSlower), nil
	}
	return t, err == nil, false, err
}
