// Package trigger decides when a customer gets a message, and keeps it from becoming a
// nuisance: an abandoned cart, a price that fell, a birthday, pay day, the season. It is for
// those who plan such messages and for the service that sends them.
//
// Four names are enough to start: [Options] holds the triggers, [New] makes a [Planner], which
// takes an [Event] as it comes and yields each [Message] in its time.
//
//	p, err := trigger.New(trigger.Options[string, string]{
//		Triggers: []trigger.Trigger{
//			{Name: "cart", When: trigger.CartAbandoned, Delay: time.Hour, CoolDown: 7 * 24 * time.Hour, Priority: 1},
//			{Name: "birthday", When: trigger.Anniversary, Date: "birthday", BestHour: true},
//		},
//		Channels: []trigger.Channel{{Name: "mail"}, {Name: "sms", Caps: []trigger.Cap{{N: 1, Days: 7}}}},
//		Caps:     []trigger.Cap{{N: 2, Days: 1}, {N: 5, Days: 7}},
//		Quiet:    trigger.Quiet{From: 21 * time.Hour, To: 8 * time.Hour},
//		Zones:    time.LoadLocation,
//	})
//	if err != nil {
//		return err
//	}
//	_ = p.Set("ann", trigger.Customer{Zone: "Europe/Paris", Channels: []string{"mail", "sms"}})
//	_ = p.Add(trigger.Event[string, string]{Kind: trigger.Carted, User: "ann", Item: "teapot", At: now})
//	messages, err := p.Advance(nil, later)
//
// # Which part does what
//
//   - [Trigger.When]: what starts a message: something a customer did ([BrowseAbandoned],
//     [CartAbandoned], [FirstOrder], [StageChanged], [OnEvent]), something that happened to
//     what the customer looked at ([PriceDropped], [BackInStock]), or a day ([Anniversary],
//     [OnDates], [OnPayDay], [OnSeason])
//   - Trigger.Cancel, CoolDown, Excludes, Priority: what keeps it from going out
//   - [Cap], [Quiet], [Channel]: how often, when and by what at all
//   - [Planner.Set]: zone, channels agreed to, birthdays; [Planner.Forget]: nothing any more
//   - [Planner.ForgetItems]: what has left the shop makes room for what is new
//   - [Options.Fill]: the content of a message, by a function of yours
//   - [Responded] events, [Planner.Rate], Options.Explore, Trigger.BestHour: the channel and
//     the hour at which this customer answers
//   - Options.HoldOut, Trigger.HoldOut: who gets nothing, so that the effect can be measured
//   - [NewBusiness], [PayDay], [Season]: days from your tables and a forecast's values
//   - [Planner.Retune]: other options for what is known, as when a trigger is added
//   - [Planner.Stats], [Planner.Waiting]: what became of messages, and what still waits
//
// What the messages offer (coupons, points, budgets, who may have what with what) is the
// matter of package offer beside this one; they meet in Options.Fill, which is yours.
//
// # Guarantees
//
//   - No cap, quiet hour, exclusion or cool-down is broken at the At of any message, whatever
//     the events and however many goroutines call.
//   - There is no clock in here. A year may be one step or half a million: the messages are
//     the same, and so are the bytes of a replay, at any GOMAXPROCS and for events in any order
//     between two steps.
//   - A time that the clock of a zone skips is the end of the gap; one that it shows twice is
//     the first, and quiet both times.
//   - Customers, items, events and looks are bounded by Options, with ErrTooLarge before they
//     are passed; after an error nothing is changed. What is remembered of messages for caps is
//     bounded by what these let through in the longest of them, and is nothing without caps.
//
// # References
//
// Gelman et al., Bayesian data analysis, 2013, chapters 2 and 5, for rates drawn towards
// those of a population.
package trigger
