package handlers

import (
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
)

// apiPictureOut is a sender whose pictures from the network the caller wants to see always.
type apiPictureOut struct {
	ID        int64     `json:"id"`
	Address   string    `json:"address"`
	Verified  bool      `json:"verified"` // Only in mail whose sender is verified.
	CreatedAt time.Time `json:"created_at"`
}

// apiPictureIn is what can be set of it.
type apiPictureIn struct {
	Address  *string `json:"address"`
	Verified *bool   `json:"verified"`
}

func apiPictureOf(p models.PictureSender) apiPictureOut {
	return apiPictureOut{ID: p.ID, Address: p.Address, Verified: p.Verified, CreatedAt: apiTime(p.CreatedAt)}
}

func pictureID(p models.PictureSender) int64 { return p.ID }

func apiPictureList(h *Handlers, c *gin.Context) error {
	list, err := h.Tracker.PictureSenders(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	return apiPaged(c, list, pictureID, apiPictureOf)
}

func apiPictureShow(h *Handlers, c *gin.Context) error {
	list, err := h.Tracker.PictureSenders(c.Request.Context(), apiUser(c))
	if err != nil {
		return err
	}
	return apiOne(c, list, pictureID, apiPictureOf)
}

func apiPictureCreate(h *Handlers, c *gin.Context) error {
	var in apiPictureIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "address"); faults != nil {
		return faults
	}
	verified := false
	apiSet(&verified, in.Verified)
	p, err := h.Tracker.ShowPicturesOf(c.Request.Context(), apiUser(c), *in.Address, verified)
	if err != nil {
		return err
	}
	apiCreated(c, "/picture-senders/"+strconv.FormatInt(p.ID, 10), apiPictureOf(p))
	return nil
}

func apiPictureDelete(h *Handlers, c *gin.Context) error {
	id, err := apiID(c, "id")
	if err != nil {
		return err
	}
	if err := h.Tracker.HidePicturesOf(c.Request.Context(), apiUser(c), id); err != nil {
		return err
	}
	c.Status(http.StatusNoContent)
	return nil
}
