using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using CardIssue.Center.Approvals;
using CardIssue.Center.Orders;
using CardIssue.Center.People;
using CardIssue.CenterHost.Cli;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>approval</c>: what one person asked for and another approves or declines.</summary>
internal static class ApprovalCommands
{
    public static Command Make(Shell shell) => Shell.Group("approval", "What one person asks for and another approves.",
        List(shell), Show(shell), Approve(shell), Decline(shell));

    public static Option<string?> Half() => new("--half") { Description = "A new file for your half of the first password; only its owner can read it.", HelpName = "FILE" };

    private static Argument<long> Number() => new("N") { Description = "Its number, as approval list shows it." };

    private static Command List(Shell shell)
    {
        var list = new ListOptions("approval");
        var all = new Option<bool>("--all") { Description = "Also what was decided, or is too old." };
        var state = new Option<ApprovalState?>("--state") { Description = "Only those in this state." };
        var person = new Option<string?>("--person") { Description = "Only what this person asked for, or decided about.", HelpName = "NAME" };
        var (since, until) = (ListFilters.Since("what was asked for"), ListFilters.Until("what was asked for"));
        return shell.Command("list", "Lists what waits to be approved, oldest first.", list.With(all, state, person, since, until), async (call, cancellation) =>
        {
            var (wanted, name) = (call.Get(state), call.Get(person) is { } who ? new PersonName(who) : default(PersonName?));
            await using var center = await call.OpenAsync(cancellation);
            var found = (await center.Approvals.ListAsync(open: !call.Get(all) && wanted is null, cancellation)).Where(it => center.By.IsFor(it.Issuer)).ToList();
            var approvals = list.Of(call, found, it => it.Id.ToString(CultureInfo.InvariantCulture),
                it => (wanted is null ? call.Get(all) || it.State is not ApprovalState.Expired : it.State == wanted)
                    && (name is null || it.AskedBy == name || it.DecidedBy == name)
                    && !(it.Asked < call.Get(since)) && !(it.Asked >= call.Get(until)));
            return await call.Answers.ListAsync(approvals, View, Line, "Nothing waits to be approved.");
        });
    }

    private static Command Show(Shell shell)
    {
        var number = Number();
        return shell.Command("show", "Shows what was asked for.", [number], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            return await center.Approvals.GetAsync(call.Get(number), cancellation) is { } found && center.By.IsFor(found.Issuer)
                ? await call.Answers.SayAsync(View(found), Line(found))
                : throw Asking.Refusal(new ApprovalResult(ApprovalOutcome.NotFound, call.Get(number)));
        });
    }

    private static Command Approve(Shell shell)
    {
        var (number, half) = (Number(), Half());
        return shell.Command("approve", "Approves what another person asked for; it is carried out at once.", [number, half], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            var asked = await center.Approvals.GetAsync(call.Get(number), cancellation);
            using var file = asked is not null && center.By.IsFor(asked.Issuer) && asked is { Act.MakesPassword: true, State: ApprovalState.Waiting } && asked.AskedBy != center.By.Name ? HalfFile.Make(call.Get(half)) : null;
            using var result = await center.Approvals.ApproveAsync(center.By, call.Get(number), cancellation);
            if (result.Outcome is not (ApprovalOutcome.Done or ApprovalOutcome.Approved)) throw Asking.Refusal(result, asked?.Act);
            file?.Write(result.PasswordHalf!);
            var then = result.Outcome is ApprovalOutcome.Approved ? $"Approved: a key custodian carries it out with --approval {result.Id}."
                : result.Act is DeskOutcome.BlockOrdered ? "Approved; it takes effect as soon as the issuer's feed was told to block the card (a running center tells it)."
                : "Approved and done.";
            return await call.Answers.SayAsync(
                new { ok = true, approval = result.Id, outcome = result.Outcome, act = result.Act, passwordHalf = file?.Path }, $"{asked!.Act}.\n{then}"
                + (file is null ? "" : " The first password is the half of who asked, a hyphen and this half; its person changes it with person password."));
        });
    }

    private static Command Decline(Shell shell)
    {
        var number = Number();
        var note = new Option<string?>("--note") { Description = "Why; kept with it." };
        note.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { Length: > IApprovals.MaxReason }) result.AddError($"--note has at most {IApprovals.MaxReason} characters.");
        });
        return shell.Command("decline", "Declines what another person asked for, or takes back what you asked for.", [number, note], async (call, cancellation) =>
        {
            await using var center = await call.OpenAsync(cancellation);
            using var result = await center.Approvals.DeclineAsync(center.By, call.Get(number), call.Get(note) ?? "", cancellation);
            if (result.Outcome is not ApprovalOutcome.Done) throw Asking.Refusal(result);
            return await call.Answers.SayAsync(new { ok = true, approval = result.Id }, $"{result.Id} is declined; nothing was done.");
        });
    }

    private static object View(ApprovalRecord it) => new
    {
        approval = it.Id, issuer = it.Issuer?.Value, state = it.State, act = JsonSerializer.Deserialize<JsonElement>(it.Act.ToJson()), text = it.Act.ToString(), reason = it.Reason,
        askedBy = it.AskedBy.Value, asked = it.Asked.UtcDateTime, expires = it.Expires.UtcDateTime, decidedBy = it.DecidedBy?.Value,
        decided = it.Decided?.UtcDateTime, note = it.Note.Length > 0 ? it.Note : null,
    };

    private static string Line(ApprovalRecord it) =>
        $"{it.Id}  {it.State}  {it.Act}  asked by {it.AskedBy} {it.Asked:u}: {it.Reason}"
        + (it.DecidedBy is { } by ? $"  decided by {by} {it.Decided:u}{(it.Note.Length > 0 ? $": {it.Note}" : "")}" : $"  until {it.Expires:u}");
}
