package handlers

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/gateway"
	"letterbox/models"
)

// apiLookIn says which mail is missing.
type apiLookIn struct {
	Wanted *string `json:"wanted"` // The address of its sender, or its Message-ID.
}

// apiLookOut is what lies on the server of an inbox.
type apiLookOut struct {
	Found   []apiSeenOut `json:"found"`
	Headers int          `json:"headers"` // How many headers were read.
	Listed  int          `json:"listed"`  // How many messages the folders of the inbox hold.
	Folders []string     `json:"folders"` // Other folders that were looked into.
	Partly  bool         `json:"partly"`  // There is more than was looked at; the newest come first.
}

// apiSeenOut is a message that lies there.
type apiSeenOut struct {
	Folder     string    `json:"folder"`
	Subject    string    `json:"subject"`
	From       string    `json:"from"`
	MessageID  string    `json:"message_id"`
	ReceivedAt time.Time `json:"received_at"`
	Size       int64     `json:"size"`    // Octets.
	Why        string    `json:"why"`     // "ledger", "before_start", "deleted", "waiting" or "elsewhere".
	Message    *int64    `json:"message"` // That of the log, for "ledger".
}

// apiInboxLook looks for a mail on the server of an inbox. It reads headers and changes nothing.
func apiInboxLook(h *Handlers, c *gin.Context) error {
	v, err := h.apiInboxInPath(c)
	if err != nil {
		return err
	}
	var in apiLookIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "wanted"); faults != nil {
		return faults
	}
	wanted := wantedOf(*in.Wanted)
	if wanted == "" {
		return models.InvalidList{apiMissing("wanted")}
	}
	access, err := h.Tracker.Access(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request.Context(), lookTime)
	defer cancel()
	var l gateway.Looked
	err = h.Gateway.Discreetly(ctx, access.Admin(), v.Settings, func() (err error) {
		l, err = h.Gateway.LookOnServer(ctx, v.ID, wanted)
		return err
	})
	if err != nil {
		return err
	}
	out := apiLookOut{Found: []apiSeenOut{}, Headers: l.Headers, Listed: l.Listed, Folders: append([]string{}, l.Folders...), Partly: l.Partly}
	for _, s := range l.Found {
		one := apiSeenOut{Folder: s.Folder, Subject: s.Subject, From: s.From, MessageID: s.MessageID, ReceivedAt: apiTime(s.ReceivedAt), Size: s.Size, Why: s.Why}
		if s.ID != 0 {
			one.Message = &s.ID
		}
		out.Found = append(out.Found, one)
	}
	c.JSON(http.StatusOK, out)
	return nil
}
