package authenticity

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/emersion/go-msgauth/dkim"
)

// mostSignatures is how many DKIM signatures of one mail are checked.
const mostSignatures = 4

// ErrLookup says that the DNS did not answer.
var ErrLookup = errors.New("DNS did not answer")

// VerifyDKIM checks the DKIM signatures of the mail in raw (RFC 6376) and passes when one is of the domain of from, an
// addr-spec in small letters, or of its organisation. A signature that covers only the beginning of the text counts for
// nothing. Bad signatures do not fail: lists and gateways break them. lookup asks the DNS for TXT records; when it cannot
// answer the error is ErrLookup. It returns when ctx is done.
func VerifyDKIM(ctx context.Context, raw io.Reader, from string, lookup func(ctx context.Context, name string) ([]string, error)) (Result, error) {
	domain := domainOf(from)
	var unanswered error
	all, err := dkim.VerifyWithOptions(bufio.NewReader(raw), &dkim.VerifyOptions{
		MaxVerifications: mostSignatures,
		LookupTXT: func(name string) ([]string, error) {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			return lookup(ctx, name)
		},
	})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return Result{State: None}, fmt.Errorf("read the signatures: %w", err)
	}
	for _, v := range all {
		switch {
		case v.Err == nil && Aligned(v.Domain, domain):
			return Result{State: Pass, Method: "dkim", Domain: v.Domain}, nil
		case dkim.IsTempFail(v.Err):
			unanswered = ErrLookup
		}
	}
	if ctx.Err() != nil {
		unanswered = ErrLookup
	}
	return Result{State: None}, unanswered
}
