package handlers

import (
	"errors"
	"net/http"
	"reflect"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"letterbox/models"
	"letterbox/tracker"
)

// apiInvitationIn is whom to invite.
type apiInvitationIn struct {
	Address  *string              `json:"address"`
	Name     *string              `json:"name"`     // Without it the address.
	Login    *string              `json:"login"`    // Without it what stands before the "@".
	Role     *string              `json:"role"`     // admin or member; member without it.
	Language *string              `json:"language"` // "de", "en" or "".
	Projects *[]apiMemberOfInvite `json:"projects"`
	Mail     *bool                `json:"mail"` // False: no mail, the answer has the link.
}

// apiMemberOfInvite is a project that somebody who is invited belongs to.
type apiMemberOfInvite struct {
	Project string `json:"project"` // Key.
	Role    string `json:"role"`    // admin, member or reporter.
}

// apiInviteAgainIn is how a link gets to a person who is here already.
type apiInviteAgainIn struct {
	Mail *bool `json:"mail"` // False: no mail, the answer has the link.
}

// apiInvitationMade is a link that was just made. The link itself is in no other answer.
type apiInvitationMade struct {
	User      apiUserOut `json:"user"`
	ExpiresAt time.Time  `json:"expires_at"`
	Mailed    bool       `json:"mailed"`
	Link      string     `json:"link"` // "" when it goes out by mail.
}

// apiInvitationOut is a link that somebody has not followed yet.
type apiInvitationOut struct {
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

func apiInvitationRoutes() []apiRoute {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	again := reflect.TypeFor[apiInviteAgainIn]()
	return []apiRoute{
		{method: post, path: "/invitations", handle: apiInvite, summary: "Invite somebody: a link by which the person chooses its password goes out by mail; the answer has it when it cannot, or is not to",
			in: reflect.TypeFor[apiInvitationIn](), out: reflect.TypeFor[apiInvitationMade](), status: 201, secret: true},
		{method: post, path: "/users/:id/invitation", handle: apiInviteAgain, summary: "Make another link for a person; the one from before is worth nothing then",
			in: again, out: reflect.TypeFor[apiInvitationMade](), status: 201, secret: true},
		{method: get, path: "/users/:id/invitation", handle: apiInvitationShow, summary: "Show until when a person may follow the link that it was invited by", out: reflect.TypeFor[apiInvitationOut](), status: 200},
		{method: del, path: "/users/:id/invitation", handle: apiInvitationRevoke, summary: "Make the links of a person worthless", status: 204},
	}
}

func apiInvite(h *Handlers, c *gin.Context) error {
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	var in apiInvitationIn
	given, err := apiDecode(c, &in)
	if err != nil {
		return err
	}
	if faults := apiRequired(given, "address"); faults != nil {
		return faults
	}
	d := tracker.InvitationDraft{Role: models.RoleMember, HandOver: in.Mail != nil && !*in.Mail}
	apiSet(&d.Address, in.Address)
	apiSet(&d.Name, in.Name)
	apiSet(&d.Login, in.Login)
	apiSet(&d.Language, in.Language)
	if in.Role != nil {
		d.Role = models.Role(*in.Role)
	}
	if in.Projects != nil {
		for _, m := range *in.Projects {
			p, err := h.Tracker.ProjectByKey(c.Request.Context(), apiUser(c), m.Project)
			if errors.Is(err, models.ErrNotFound) {
				return models.InvalidList{{Field: "projects", Code: "E-INVITE-02"}}
			}
			if err != nil {
				return err
			}
			d.Projects = append(d.Projects, models.Member{ProjectID: p.ID, Role: models.ProjectRole(m.Role)})
		}
	}
	made, err := h.Tracker.Invite(c.Request.Context(), apiUser(c), d)
	if err != nil {
		return err
	}
	return h.apiInvited(c, made)
}

func apiInviteAgain(h *Handlers, c *gin.Context) error {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return err
	}
	if err := apiAdmin(h, c); err != nil {
		return err
	}
	var in apiInviteAgainIn
	if _, err := apiDecode(c, &in); err != nil {
		return err
	}
	made, err := h.Tracker.InviteAnew(c.Request.Context(), apiUser(c), u.ID, in.Mail != nil && !*in.Mail)
	if err != nil {
		return err
	}
	return h.apiInvited(c, made)
}

func (h *Handlers) apiInvited(c *gin.Context, made tracker.Invitation) error {
	out := apiInvitationMade{User: apiUserOf(made.User), ExpiresAt: apiTime(made.ExpiresAt), Mailed: made.Mailed}
	if !made.Mailed {
		out.Link = h.linkOf(c.Request, made.Token)
	}
	apiCreated(c, "/users/"+strconv.FormatInt(made.User.ID, 10)+"/invitation", out)
	return nil
}

func apiInvitationShow(h *Handlers, c *gin.Context) error {
	u, err := h.apiUserInPath(c)
	if err != nil {
		return err
	}
	l, err := h.Tracker.InvitationOf(c.Request.Context(), apiUser(c), u.ID)
	if err != nil {
		return err
	}
	c.JSON(http.StatusOK, apiInvitationOut{apiTime(l.CreatedAt), apiTime(l.ExpiresAt)})
	return nil
}

func apiInvitationRevoke(h *Handlers, c *gin.Context) error {
	return h.apiDone(c, h.Tracker.RevokeInvitation)
}
