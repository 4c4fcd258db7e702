using System.CommandLine;
using CardIssue.Testing.Cards.State;

namespace CardIssue.VirtualCard.Cli;

/// <summary><c>dump</c>: shows what a card file holds, without keys and secret groupings.</summary>
internal static class DumpCommand
{
    public static Command Make(TextWriter output)
    {
        var file = new Argument<FileInfo>("file") { Description = "The card file." };
        var json = new Option<bool>("--json") { Description = "Answer in JSON." };
        var command = new Command("dump", "Shows a card file's applications, records and life cycles; never keys.") { file, json };
        command.SetAction(parsed =>
        {
            var card = CardInspection.Of(StateFile.Load(parsed.GetValue(file)!.FullName));
            if (parsed.GetValue(json)) output.WriteLine(InspectionJson.Of(card, indented: true));
            else Print(card, output);
            return (int)ExitCode.Ok;
        });
        return command;
    }

    private static void Print(CardInspection card, TextWriter output)
    {
        output.WriteLine($"card {card.Kdd}: {card.LifeCycle}, key versions {string.Join(" ", card.KeyVersions.Select(v => v.ToString("X2")))}, {card.FailedAuthentications} failed authentications");
        if (card.PivPublicKey is { } publicKey) output.WriteLine($"  public key {publicKey}");
        foreach (var (tag, value) in card.Data) output.WriteLine($"  tag {tag:X}: {value}");
        foreach (var file in card.LoadFiles) output.WriteLine($"  load file {file.Aid}: {file.Length} bytes");
        foreach (var application in card.Applications)
        {
            output.WriteLine($"  application {application.Aid}: {application.LifeCycle:X2}{(application.IsPersonalized ? " PERSONALIZED" : "")}");
            foreach (var (record, value) in application.Records) output.WriteLine($"    SFI {record.Sfi} record {record.Number}: {value}");
            foreach (var (dgi, value) in application.Dgis)
                output.WriteLine($"    DGI {dgi:X4}: {(CardInspection.IsSecretGrouping(dgi) ? $"{value.Length} secret bytes" : value)}");
        }
    }
}
