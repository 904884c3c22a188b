package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aislekit/aisle/examples/backend/shop"
	"github.com/aislekit/aisle/examples/backend/store"
	"github.com/aislekit/aisle/segment/audience"
)

// Fault is an answer that is no success.
type Fault struct {
	Reason  string `json:"reason" rule:"enum=malformed_json|unknown_field|invalid_field|not_utf8|body_too_large|wrong_content_type|no_token|wrong_token|wrong_role|too_many_requests|not_found|wrong_method|unknown_customer|unknown_item|unknown_id|invalid_rule|invalid|name_taken|id_reused|customer_deleted|time_out_of_range|cross_site|store_unavailable|shutting_down|not_ready|internal"`
	Message string `json:"message"`
	Field   string `json:"field,omitempty"`
	status  int
	after   int // seconds until another try makes sense
}

func (f *Fault) Error() string { return f.Reason + ": " + f.Message }

// Problem is the body of a Fault.
type Problem struct {
	Error *Fault `json:"error"`
}

func fault(status int, reason, format string, args ...any) *Fault {
	return &Fault{Reason: reason, Message: fmt.Sprintf(format, args...), status: status}
}

// asFault says to the caller what an error of the shop means. What is nobody's business
// stays in the log.
func asFault(err error) *Fault {
	var f *Fault
	var text *audience.TextError
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &text):
		f = fault(http.StatusUnprocessableEntity, "invalid_rule", "%s", text.Error())
		f.Field = "rule"
		return f
	case errors.Is(err, shop.ErrTaken):
		return fault(http.StatusConflict, "name_taken", "%v", err)
	case errors.Is(err, shop.ErrUnknown):
		return fault(http.StatusNotFound, "unknown_id", "%v", err)
	case errors.Is(err, shop.ErrInvalid):
		return fault(http.StatusUnprocessableEntity, "invalid", "%v", err)
	case errors.Is(err, shop.ErrClosed):
		f = fault(http.StatusServiceUnavailable, "shutting_down", "the service is going down")
	case errors.Is(err, shop.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err, store.ErrFenced):
		f = fault(http.StatusServiceUnavailable, "store_unavailable", "the database does not answer: nothing is lost, try again")
	default:
		return fault(http.StatusInternalServerError, "internal", "the fault is the service's, and in its log")
	}
	f.after = 1
	return f
}
