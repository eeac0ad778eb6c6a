// Package browsertest has what tests in a real browser share: how a person presses a button on a page that renews itself.
package browsertest

import (
	"context"
	"strings"

	"github.com/chromedp/chromedp"
)

// Click presses what a selector names. A live page may take the place of itself between the search and the press: then it
// is looked for again, as a person would. It ends with ctx.
func Click(selector string, options ...chromedp.QueryOption) chromedp.Action {
	return chromedp.ActionFunc(func(ctx context.Context) error {
		for {
			err := chromedp.Click(selector, options...).Do(ctx)
			if err == nil || !strings.Contains(err.Error(), "(-32000)") || ctx.Err() != nil {
				return err
			}
		}
	})
}
