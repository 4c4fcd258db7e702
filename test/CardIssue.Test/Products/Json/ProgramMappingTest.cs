using CardIssue.Core.Cards.Apdu;
using CardIssue.Core.Cards.GlobalPlatform;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Programs;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.Products.Json;

/// <summary>Programs and card content in a product's file.</summary>
public sealed class ProgramMappingTest
{
    private const string Install = "\"install\": \"F043495353010101\"", Load = "\"load\": \"loyalty\", \"whenThere\": \"accept\"";

    private static readonly string Text = Samples.Text("loyalty.product.json");

    [Test]
    public void Sample_Read_IsGood_AndItsProgramIsTheFileBesideIt()
    {
        var reading = Samples.Product(Text);
        Assert.That(reading.Lines(), Is.Empty);
        Assert.That(CapFile.TryRead(ByteString.Own(File.ReadAllBytes(Path.Combine(Samples.Folder, "loyalty.cap"))), out var cap, out var error), Is.True, error);
        Assert.That(ProgramRules.Check(reading.Product!, new CardPrograms([cap!])), Is.Empty);
        Assert.That(reading.Product!.Programs, Is.EqualTo(new[] { new ProductProgram("loyalty", cap!.Package, cap.Version, cap.Sha256) }));
    }

    [Test]
    public void EveryProperty_Read_IsInTheModel()
    {
        const string dap = "\"dap\": [{\"securityDomain\": \"A000000151000000\", \"signature\": \"0102\"}]";
        var text = Samples.Change(Text, Load, $"{Load.Replace("accept", "replace", StringComparison.Ordinal)}, \"securityDomain\": \"A000000151000000\", "
            + $"\"parameters\": \"EF00\", \"token\": \"AA\", {dap}");
        text = Samples.Change(text, Install, $"{Install}, \"privileges\": \"020000\", \"makeSelectable\": false, \"systemParameters\": \"EF00\", \"token\": \"BB\"");
        text = Samples.Change(text, "{\n          \"dgi\": \"0101\"", "{\"delete\": \"F043495353010102\", \"related\": true, \"token\": \"CC\"}, {\n          \"dgi\": \"0101\"");
        var reading = Samples.Product(text);
        Assert.That(reading.Lines(), Is.Empty);
        var items = reading.Product!.Records.SelectMany(record => record.Items).ToList();
        var load = (ItemDefinition.Load)items[0];
        Assert.That((load.WhenThere, load.Hash, load.SecurityDomain.ToString(), load.Parameters.ToString(), load.Token.ToString()),
            Is.EqualTo((WhenThere.Replace, LoadFileHash.Sha256, "A000000151000000", "EF00", "AA")));
        Assert.That(load.Dap, Is.EqualTo(new[] { new DapBlock(Aid.FromHex("A000000151000000"), ByteString.FromHex("0102")) }));
        var install = (ItemDefinition.Install)items[1];
        Assert.That((install.Program, install.LoadFile, install.Privileges.ToString(), install.MakeSelectable, install.SystemParameters.ToString(), install.Token.ToString()),
            Is.EqualTo(("loyalty", (Aid?)null, "020000", false, "EF00", "BB")));
        Assert.That(items[2], Is.EqualTo(new ItemDefinition.Delete(Aid.FromHex("F043495353010102"), true) { Token = ByteString.FromHex("CC") }));
    }

    [TestCase("\"whenThere\": \"accept\", \"hash\"", "\"hash\"", "The property \"whenThere\" is missing.")]
    [TestCase("\"hash\": \"sha256\"", "\"hash\": \"sha512\"", "sha1")]
    [TestCase("\"program\": \"loyalty\",", "\"program\": \"loyalty\", \"loadFile\": \"F0434953530101\",", "exclude each other")]
    [TestCase("\"program\": \"loyalty\",", "", "One of \"program\", \"loadFile\" is missing.")]
    [TestCase("\"version\": \"1.0\"", "\"version\": \"1\"", "A package's version is expected, such as \"1.0\".")]
    [TestCase("\"version\": \"1.0\"", "\"version\": \"1.256\"", "A package's version is expected, such as \"1.0\".")]
    [TestCase("\"load\": \"loyalty\"", "\"load\": \"other\"", "There is no program other among the product's programs.")]
    public void OneThingWrong_Read_IsAMistake(string old, string changed, string message) =>
        Assert.That(Samples.Product(Samples.Change(Text, old, changed)).Mistakes.Select(m => m.Message), Has.Some.Contains(message));
}
