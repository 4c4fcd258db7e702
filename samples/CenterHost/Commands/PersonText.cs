using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary>Roles, and what became of what people decide, as people read and write them.</summary>
internal static class PersonText
{
    private static readonly (string Name, PersonRoles Role)[] Names =
        [("clerk", PersonRoles.Clerk), ("supervisor", PersonRoles.Supervisor), ("custodian", PersonRoles.KeyCustodian), ("auditor", PersonRoles.Auditor)];

    public static string RoleNames => string.Join(", ", Names.Select(name => name.Name));

    public static string Of(PersonRoles roles) => string.Join(", ", Names.Where(name => roles.HasFlag(name.Role)).Select(name => name.Name));

    public static PersonRoles Parse(IEnumerable<string> words)
    {
        var roles = PersonRoles.None;
        foreach (var word in words)
        {
            var found = Array.Find(Names, name => string.Equals(name.Name, word, StringComparison.OrdinalIgnoreCase));
            if (found.Name is null) throw new CommandException(ExitCode.Usage, $"{word} is no role; {RoleNames} are.");
            roles |= found.Role;
        }
        return roles;
    }

    public static string Why(PasswordFault fault) => fault switch
    {
        PasswordFault.None => "nothing is wrong.",
        PasswordFault.TooShort => "the new password is too short (setting Center:People:MinPassword), or one character all the way.",
        PasswordFault.TooLong => $"the new password has more than {PeopleOptions.MaxPassword} bytes.",
        PasswordFault.IsName => "the new password is the name, or the name with little besides.",
        PasswordFault.Same => "the new password is the old one.",
        PasswordFault.Refused or PasswordFault.Locked => OpenCenter.Denied,
    };

    public static string Why(PersonOutcome outcome, PersonName name) => outcome switch
    {
        PersonOutcome.Done => "done.",
        PersonOutcome.NotFound => $"nobody is called {name}; see person list.",
        PersonOutcome.WrongState => $"{name} is so already.",
        PersonOutcome.TooFewSupervisors => "two supervisors who are not locked must be left, or nothing could be approved any more.",
        PersonOutcome.NotAllowed => "this is for a supervisor.",
        PersonOutcome.DoesNotFit => "that is not possible.",
    };

    public static string Why(ApprovalResult result, CenterAct? act = null) => result.Outcome switch
    {
        ApprovalOutcome.Done or ApprovalOutcome.Approved => "",
        ApprovalOutcome.NotFound => $"There is no approval {result.Id}; see approval list.",
        ApprovalOutcome.SamePerson => "Whoever asked can't approve; it takes another person.",
        ApprovalOutcome.NotAllowed => "Whoever asked or approves has not the role for it (any more), or is locked.",
        ApprovalOutcome.Expired => "It is too old; it must be asked for again.",
        ApprovalOutcome.Decided => "It was decided already; see approval show.",
        ApprovalOutcome.NotPossible when OfNoOrder(result.Act, act) is { } why => $"It can't be done: {why} Nothing was changed.",
        ApprovalOutcome.NotPossible => $"It can't be done: {OrderDeskCommands.Why(result.Act ?? DeskOutcome.DoesNotFit)} Nothing was changed.",
        ApprovalOutcome.TooMany => $"{IApprovals.MaxWaiting} wait already; decide about some of them first.",
    };

    /// <summary>What may be wrong with an act that is about no order; null for those that are.</summary>
    private static string? OfNoOrder(DeskOutcome? outcome, CenterAct? act) => (outcome, act) switch
    {
        (DeskOutcome.DoesNotFit, CenterAct.PutIssuer) => "a key set is an issuer's already, or a product names it, so that it is the center's own; see issuer list, product list.",
        (DeskOutcome.DoesNotFit, CenterAct.PutTerminal) => "another terminal has the same credential; each has its own module: terminal list shows them.",
        (DeskOutcome.DoesNotFit, CenterAct.AddPerson or CenterAct.SetRoles) => "the account can't have these roles; see person list.",
        (DeskOutcome.WrongState, CenterAct.AddPerson) => "there is an account of this name already; see person list.",
        _ => null,
    };
}
