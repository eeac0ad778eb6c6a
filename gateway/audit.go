package gateway

import (
	"context"
	"encoding/json"
	"fmt"

	"letterbox/models"
)

// audit writes a line of the audit log; it joins the transaction in ctx. detail never holds a secret.
func (g *Gateway) audit(ctx context.Context, by *models.User, action, object string, detail any) error {
	text, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("describe for the audit log: %w", err)
	}
	a := models.Audit{At: now(), Action: action, Object: object, Detail: string(text)}
	if by != nil {
		a.UserID = &by.ID
	}
	if err := g.Store.AddAudit(ctx, &a); err != nil {
		return fmt.Errorf("write the audit log: %w", err)
	}
	return nil
}
