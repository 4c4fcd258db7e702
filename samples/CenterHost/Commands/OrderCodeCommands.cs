using System.CommandLine;
using CardIssue.Center.Orders;
using CardIssue.CenterHost.Cli;
using CardIssue.CenterHost.Orders;
using CardIssue.Core;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>order renew-code</c>, <c>order reissue</c>: what needs a new issue code.</summary>
internal static class OrderCodeCommands
{
    public static Command RenewCode(Shell shell)
    {
        var (id, person, days) = (OrderDeskCommands.Order(), OrderDeskCommands.Operator(), OrderImportCommand.CodeDays());
        var codes = new Option<string>("--codes") { Description = "A new file for the code; only its owner can read it.", HelpName = "FILE", Required = true };
        return shell.Command("renew-code", "Gives an order a new issue code, and clears its customer's wrong tries.", [id, person, codes, days], async (call, cancellation) =>
        {
            Action? takeBack = null;
            try
            {
                return await OrderDeskCommands.ActAsync(call, call.Get(id)!, "CodeRenewed", new { @operator = call.Get(person) }, async (center, order) =>
                {
                    var made = new IssueCodes(call.Get(codes)!, center.IssueCodes);
                    var verifier = center.Vault.CreateIssueCodeVerifier(order, System.Text.Encoding.ASCII.GetBytes(made.Make(order)));
                    takeBack = await made.WriteAsync(cancellation);
                    return await center.Desk.RenewCodeAsync(order, verifier, DateTimeOffset.UtcNow.AddDays(call.Get(days)), new OperatorId(call.Get(person)!), cancellation);
                }, $"has a new code, in {call.Get(codes)}", cancellation);
            }
            catch (CommandException)
            {
                takeBack?.Invoke();
                throw;
            }
        });
    }

    public static Command Reissue(Shell shell)
    {
        var (id, person, days, codes) = (OrderDeskCommands.Order(), OrderDeskCommands.Operator(), OrderImportCommand.CodeDays(), OrderImportCommand.Codes());
        var orders = new Option<FileInfo>("--orders") { Description = "An orders file with the one new order, for the same customer.", Required = true };
        return shell.Command("reissue", "Takes in a new order in place of a voided one, once.", [id, person, orders, days, codes], async (call, cancellation) =>
        {
            await using var source = call.Open();
            var known = await ProductSource.LoadAsync([], source.Products, cancellation);
            var reading = OrderImportCommand.Read(call.Get(orders)!, known, source.IssueCodes);
            if (reading.Orders is not { } entries) return await Mistakes.TellAsync(call, Mistakes.Of(reading));
            if (entries.Count != 1) throw new CommandException(ExitCode.Usage, $"{call.Get(orders)} has {entries.Count} orders; a reissue takes one.");
            var made = new IssueCodes(call.Get(codes), source.IssueCodes);
            Action? takeBack = null;
            try
            {
                return await OrderDeskCommands.ActAsync(call, call.Get(id)!, "OrderReissued", new { @operator = call.Get(person), replacement = entries[0].Order.Value }, async (center, voided) =>
                {
                    await AccountDigests.FillInAsync(center.Database, center.Vault, cancellation);
                    var intake = new OrderIntake(center.Vault, center.Desk, made, DateTimeOffset.UtcNow.AddDays(call.Get(days)));
                    var order = await intake.TakeAsync(entries[0], known.Find(entries[0].Product)!, cancellation);
                    takeBack = await made.WriteAsync(cancellation);
                    return await center.Desk.ReissueAsync(voided, order, new OperatorId(call.Get(person)!), cancellation);
                }, $"is reissued as {entries[0].Order}", cancellation);
            }
            catch (CommandException)
            {
                takeBack?.Invoke();
                throw;
            }
        });
    }
}
