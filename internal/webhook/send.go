package webhook

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"letterbox/gateway/mailbox"
	"letterbox/models"
)

// Bounds on one attempt.
const (
	sendTime    = 15 * time.Second // From the look-up of the name to the end of the answer.
	answerSize  = 64 << 10         // Octets of an answer that are read; they are thrown away.
	longestWait = 24 * time.Hour   // A receiver cannot ask for more.
	shortWait   = time.Minute      // When it is too busy and does not say for how long.
)

// The codes of attempts that came to nothing.
const (
	codeForbidden = "E-HOOK-01" // The address is neither public on port 443 nor in a listed network.
	codeNoName    = "E-HOOK-02"
	codeTimeout   = "E-HOOK-03"
	codeTLS       = "E-HOOK-04"
	codeCutOff    = "E-HOOK-05"
	codeStatus    = "E-HOOK-06" // An answer that is not 2xx.
	codeGone      = "E-HOOK-07" // 410: the receiver wants nothing more.
	codeRedirect  = "E-HOOK-08"
	codeNoSecret  = "E-HOOK-09"
	codeTooLong   = "E-HOOK-15" // It has come to nothing for days.
)

// outcome is what came of one attempt.
type outcome struct {
	status int
	code   string // "": taken.
	wait   time.Duration
	took   time.Duration
	err    error
}

// newClient returns a client that follows nothing, remembers nothing and reaches only what dial does.
func newClient(dial mailbox.DialFunc) *http.Client {
	return &http.Client{
		Timeout: sendTime,
		Transport: &http.Transport{
			DialContext: dial, TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: sendTime,
			MaxResponseHeaderBytes: 32 << 10, MaxIdleConnsPerHost: 1, IdleConnTimeout: 20 * time.Second, ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// send makes one attempt, signed with each of the secrets.
func (s *Service) send(ctx context.Context, w models.Webhook, d models.Delivery, secrets []string) outcome {
	started := time.Now()
	out := s.attempt(ctx, w, d, secrets)
	out.took = time.Since(started)
	return out
}

func (s *Service) attempt(ctx context.Context, w models.Webhook, d models.Delivery, secrets []string) outcome {
	at := time.Now()
	var signatures []string
	for _, secret := range secrets {
		one, err := sign(secret, d.EventID, at, d.Body)
		if err != nil {
			return outcome{code: codeNoSecret, err: err}
		}
		signatures = append(signatures, one)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.URL, strings.NewReader(d.Body))
	if err != nil {
		return outcome{code: codeCutOff, err: err}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "Letterbox")
	req.Header.Set("Webhook-Id", d.EventID)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", strings.Join(signatures, " "))
	resp, err := s.client.Do(req)
	if err != nil {
		return outcome{code: failure(err), err: err}
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(resp.Body, answerSize)); err != nil && resp.StatusCode/100 != 2 {
		return outcome{status: resp.StatusCode, code: failure(err), err: err}
	}
	return judge(resp.StatusCode, resp.Header.Get("Retry-After"))
}

// judge says what an answer means.
func judge(status int, retryAfter string) outcome {
	out := outcome{status: status, code: codeStatus}
	switch {
	case status/100 == 2:
		out.code = ""
	case status/100 == 3:
		out.code = codeRedirect
	case status == http.StatusGone:
		out.code = codeGone
	case status == http.StatusTooManyRequests, status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		out.wait = shortWait
	}
	if out.code != "" {
		if n, err := strconv.Atoi(retryAfter); err == nil && n > 0 {
			out.wait = time.Duration(min(n, int(longestWait/time.Second))) * time.Second
		} else if at, err := http.ParseTime(retryAfter); err == nil && time.Until(at) > 0 {
			out.wait = min(time.Until(at), longestWait)
		}
	}
	return out
}

// failure names why there was no answer.
func failure(err error) string {
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var alert tls.AlertError
	var record tls.RecordHeaderError
	problem, guarded := errors.AsType[*mailbox.Problem](err)
	netErr, isNet := errors.AsType[net.Error](err)
	switch {
	case guarded && (problem.Code == "E-NET-06" || problem.Code == "E-NET-07"):
		return codeForbidden
	case guarded && problem.Phase == mailbox.PhaseDNS, errors.As(err, &dns):
		return codeNoName
	case guarded && problem.Code == "E-NET-03", errors.Is(err, context.DeadlineExceeded), isNet && netErr.Timeout():
		return codeTimeout
	case errors.As(err, &certificate), errors.As(err, &alert), errors.As(err, &record):
		return codeTLS
	}
	return codeCutOff
}
