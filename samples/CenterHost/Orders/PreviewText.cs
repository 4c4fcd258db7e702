using System.Globalization;
using CardIssue.Center.Products;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Preview;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.CenterHost.Orders;

/// <summary>A preview for people: a line for each script, and one below it for each command.</summary>
internal static class PreviewText
{
    private const int NameWidth = 30;

    public static string Of(OrderId order, ProductRef product, string? rewrite, BranchId? branch, CardPreview preview)
    {
        var of = preview.Product;
        var what = rewrite is null ? $"{product}" : $"{product} rewrite {rewrite}";
        var head = $"order {order}{(branch is null ? "" : $" for branch {branch}")}, {what}, {of.Mode}, {Protocol(of)} at level {Level(of)}; before secure messaging, "
            + $"hidden digits are {CommandPreview.Hidden}, **(n) is n hidden bytes";
        return string.Join('\n', [head, .. preview.Scripts.SelectMany(Lines)]);

        string[] Lines(ScriptPreview script) => [$"  {Title(of, script)}", .. script.Commands.Select(Line)];
    }

    public static string Protocol(CardProduct product) => product.Protocol switch
    {
        null => "SCP as the card says",
        { } protocol => $"SCP{(byte)protocol:X2}{(product.ProtocolOptions is { } options ? $" i={options:X2}" : "")}",
    };

    public static string Level(CardProduct product) => ((byte)product.SecurityLevel).ToString("X2", CultureInfo.InvariantCulture);

    private static string Line(CommandPreview command) => $"    {command.Name.PadRight(NameWidth)} {command}";

    private static string Title(CardProduct product, ScriptPreview script) => script.Kind switch
    {
        ScriptKind.Open => "opening, in the clear",
        ScriptKind.Authenticate => "authentication",
        ScriptKind.Assign => "the card's number, on a card that has none",
        ScriptKind.Record => $"record {script.Record} of {product.Records.Count}, \"{script.Name}\": "
            + $"proof {Word(script.Proof!.Value)}, {Repeats(product, script)}",
        ScriptKind.Close => "closing",
        ScriptKind.Look when script.Record == 0 => "what the card must hold, before anything is written",
        ScriptKind.Look when script.Record > product.Records.Count => "only when the closing is in doubt",
        ScriptKind.Look => $"only when record {script.Record} is in doubt",
    };

    private static string Repeats(CardProduct product, ScriptPreview script) => script.Repeat switch
    {
        RepeatRule.StartOver => $"a repeat starts over from \"{product.Records[script.RestartAt - 1].Name}\"",
        RepeatRule.LookFirst => "looked at before a repeat",
        _ => "repeatable",
    };

    private static string Word(ProofKind proof) => $"{char.ToLowerInvariant(proof.ToString()[0])}{proof.ToString()[1..]}";
}
