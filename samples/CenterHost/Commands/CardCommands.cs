using System.CommandLine;
using CardIssue.Center.Approvals;
using CardIssue.CenterHost.Cli;
using CardIssue.Core.Primitives;

namespace CardIssue.CenterHost.Commands;

/// <summary><c>card</c>: cards as the center knows them.</summary>
internal static class CardCommands
{
    public static Command Make(Shell shell)
    {
        var id = new Argument<string>("CARD") { Description = "The card's identity in hexadecimal, as order show and the log have it." };
        var reason = OrderDeskCommands.Reason();
        return Shell.Group("card", "The cards.", shell.Command("unbar", "Asks to clear the authentication tries of a barred card.", [id, reason], async (call, cancellation) =>
        {
            var card = CardText.Parse(call.Get(id)!);
            await using var center = await call.OpenAsync(cancellation);
            return await Asking.AskAsync(call, center, new CenterAct.UnbarCard(card), call.Get(reason)!, null, cancellation);
        }));
    }
}

/// <summary>Cards as people write them.</summary>
internal static class CardText
{
    private const int MaxLength = 64;

    public static CardId Parse(string hex)
    {
        try
        {
            if (ByteString.FromHex(hex) is { Length: > 0 and <= MaxLength } bytes) return new CardId(bytes);
        }
        catch (FormatException e)
        {
            throw new CommandException(ExitCode.Usage, $"{hex} is no card: hexadecimal digits are expected.", e);
        }
        throw new CommandException(ExitCode.Usage, $"A card's identity has 1 to {MaxLength} bytes.");
    }
}
