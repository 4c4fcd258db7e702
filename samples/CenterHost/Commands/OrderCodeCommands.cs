using System.CommandLine;
using System.Text;
using CardIssue.Center.Orders;
using CardIssue.Center.Vault;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order renew-code</c>, <c>order reissue</c>: what needs a new issue code.</summary>
internal static class OrderCodeCommands
{
    public static Command RenewCode(Shell shell)
    {
        var (id, days) = (OrderDeskCommands.Order(), OrderImportCommand.CodeDays());
        var codes = new Option<string>("--codes") { Description = "A new file for the code; only its owner can read it.", HelpName = "FILE", Required = true };
        return shell.Command("renew-code", "Gives an order a new issue code; clears its customer's wrong tries, if it is his only open order.", [id, codes, days], async (call, cancellation) =>
        {
            var order = new OrderId(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            using var made = new IssueCodes(call.Get(codes)!, center.IssueCodes);
            var verifier = center.Vault.CreateIssueCodeVerifier(order, Encoding.ASCII.GetBytes(made.Make(order)));
            return await WithCodesAsync(made, async () => await OrderDeskCommands.ToldAsync(call, order,
                await center.Desk.RenewCodeAsync(order, verifier, DateTimeOffset.UtcNow.AddDays(call.Get(days)), center.By, cancellation),
                $"has a new code, in {call.Get(codes)}"));
        });
    }

    public static Command Reissue(Shell shell)
    {
        var (id, days, codes) = (OrderDeskCommands.Order(), OrderImportCommand.CodeDays(), OrderImportCommand.Codes());
        var orders = new Option<FileInfo>("--orders") { Description = "An orders file with the one new order, for the same customer.", Required = true };
        return shell.Command("reissue", "Takes in a new order in place of a voided one, once.", [id, orders, days, codes], async (call, cancellation) =>
        {
            var voided = new OrderId(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            var known = await ProductSource.LoadAsync([], center, cancellation);
            var reading = await OrderImportCommand.ReadAsync(call.Get(orders)!, known, center, cancellation);
            if (reading.Orders is not { } entries) return await Mistakes.TellAsync(call, Mistakes.Of(reading));
            if (entries.Count != 1) throw new CommandException(ExitCode.Usage, $"{call.Get(orders)} has {entries.Count} orders; a reissue takes one.");
            using var made = new IssueCodes(call.Get(codes), center.IssueCodes);
            await AccountDigests.FillInAsync(center.Database, center.Vault, cancellation);
            var intake = new OrderIntake(center.Vault, center.Desk, made, DateTimeOffset.UtcNow.AddDays(call.Get(days)));
            var issuer = known.Find(entries[0].Product)!.Issuer;
            var (taken, refusal) = await intake.TakeAsync(entries[0], issuer, cancellation);
            if (taken is null) throw new CommandException(ExitCode.Refused, $"Line {entries[0].Line}, order {entries[0].Order}: {refusal}. Nothing was taken in.");
            var sequence = taken.Sequence ?? await center.Desk.NextSequenceAsync(taken.Customer, issuer, cancellation);
            var order = intake.Seal(taken, known.Find(taken.Product)!, sequence);
            return await WithCodesAsync(made, async () => await OrderDeskCommands.ToldAsync(
                call, voided, await center.Desk.ReissueAsync(voided, order, center.By, cancellation), $"is reissued as {entries[0].Order}"));
        });
    }

    /// <summary>The file with the codes is there before they count, and gone again where they never will.</summary>
    private static async Task<ExitCode> WithCodesAsync(IssueCodes made, Func<Task<ExitCode>> act)
    {
        made.Flush();
        try
        {
            var code = await act();
            made.Keep();
            return code;
        }
        catch (Exception error) when (error is not CommandException)
        {
            // Whether it is saved, nobody can tell.
            made.Keep();
            throw;
        }
    }
}
