using CardIssue.Core.Cards;
using CardIssue.Core.Cards.Diversification;
using CardIssue.Core.Cards.Products;
using CardIssue.Core.Cards.Products.Profiles;
using CardIssue.Core.Cards.SecureChannel;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Center;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Test.Products;

/// <summary>
/// Which card it is: what each source makes of what a card tells, inside the channel and before it, and the number that it is given.
/// </summary>
public sealed class IdentityTest
{
    private const string Kdd = "00010203040506070809", Serial = "11111111", Chip = "47905168" + "2222" + Serial;

    private static readonly ICardProfile Profile = CardProfiles.Find("globalplatform")!;
    private static readonly ByteString Number = ByteString.FromHex("A0A1A2A3A4A5A6A7A8A9AAABACADAEAF");
    private static readonly IdentitySource.Assigned Assigned = new();

    private static string Cplc(string serial = Serial, string type = "47905168") =>
        "9F7F2A" + type + "479120813B006250" + serial + "2222" + new string('0', 48);

    private static CardProduct Product(params IdentitySource[] sources) => Sample.Product() with { Identity = [.. sources] };

    private static ResponseApdu Says(string data, ushort statusWord = 0x9000) => new(ByteString.FromHex(data), statusWord);

    private static OpeningReading.Ready Ready(string diversification, params ResponseApdu[] told) =>
        new(Says(diversification + "30037011223344556677880011223344556677"), [.. told]);

    private static ClaimedIdentity Of(CardProduct product, string diversification, params ResponseApdu[] told) =>
        Profile.IdentityOf(product, Ready(diversification, told), number => number == Number);

    private static string? Told(CardProduct product, params ResponseApdu[] told) => Of(product, Kdd, told).Card?.ToString();

    [Test]
    public void Identity_LeftOut_IsWhatTheKeysComeFrom_OrTheChip()
    {
        Assert.That(Told(Sample.Product()), Is.EqualTo(Kdd));
        var shared = Sample.Product() with { Diversification = KeyDiversification.None };
        Assert.That(Profile.Open(shared, new byte[8]).Select(c => c.Apdu.Ins), Is.EqualTo(new byte[] { 0xA4, 0xCA, 0x50 }));
        Assert.That(Told(shared, Says(Cplc())), Is.EqualTo("9F7F" + Chip));
        Assert.That(Profile.IdentityReads(Sample.Product()), Is.Empty, "the cryptogram proves it");
        Assert.That(Profile.IdentityReads(shared).Single().Apdu.ToBytes().ToString(), Is.EqualTo("80CA9F7F00"),
            "nothing proves it but a second reading");
    }

    [TestCase(KeyDiversification.EmvCps, "0001" + "01" + "040506070809", "FFFFFFFF040506070809", "00010203FFFFFFFFFFFF")]
    [TestCase(KeyDiversification.Visa2, "0001" + "02" + "000104050607", "0001FFFF04050607FFFF", "00000203000000000809")]
    [TestCase(KeyDiversification.Kdf3, "0001" + "03" + Kdd, null, "00000000000000000000")]
    public void ProvedDiversificationData_IsWhatTheKeysComeFrom_WhateverTheOtherBytesAre(
        KeyDiversification method, string identity, string? same, string nothing)
    {
        var product = Product(new IdentitySource.ProvedDiversificationData()) with { Diversification = method };
        Assert.That(Of(product, Kdd).Card?.ToString(), Is.EqualTo(identity));
        if (same is not null) Assert.That(Of(product, same).Card?.ToString(), Is.EqualTo(identity));
        Assert.That(Of(product, nothing).Card, Is.Null);
        Assert.That(Profile.IdentityReads(product), Is.Empty, "the cryptogram proves it");
    }

    [Test]
    public void EachSource_IsKnownByItsTag_SoThatNoTwoMakeTheSame()
    {
        Assert.That(Told(Product(new IdentitySource.ProductionLifeCycle()), Says(Cplc())), Is.EqualTo("9F7F" + Chip));
        Assert.That(Told(Product(new IdentitySource.ProductionLifeCycle()), Says(Cplc()[6..])), Is.EqualTo("9F7F" + Chip),
            "some cards leave the tag out");
        Assert.That(Told(Product(new IdentitySource.CardImageNumber()), Says("45020102")), Is.EqualTo("00450102"));
        Assert.That(Told(Product(new IdentitySource.DataObject(0xDF01)), Says("DF010155")), Is.EqualTo("DF0155"));
        Assert.That(Told(Product(new IdentitySource.DataObject(0x00CF)), Says("CF0A" + Kdd)), Is.EqualTo("00CF" + Kdd));
        string? Both(string issuer, string card) => Told(Product(new IdentitySource.IssuerAndCardNumber()), Says(issuer), Says(card));
        Assert.That(Both("420155", "45020102"), Is.EqualTo("0042" + "01" + "55" + "0102"));
        Assert.That(Both("42025501", "450102"), Is.Not.EqualTo(Both("420155", "45020102")), "55 01 | 02 is not 55 | 01 02");
    }

    [TestCase("", 0x6A88, TestName = "TellsNothing_Absent")]
    [TestCase("", 0x6985, TestName = "TellsNothing_Refused")]
    [TestCase("4502FFFF", 0x9000, TestName = "TellsNothing_AllFF")]
    [TestCase("45020000", 0x9000, TestName = "TellsNothing_All00")]
    [TestCase("4500", 0x9000, TestName = "TellsNothing_Empty")]
    [TestCase("", 0x9000, TestName = "TellsNothing_NoData")]
    [TestCase("45020102", 0x6281, TestName = "TellsNothing_Cut")]
    [TestCase("4503FFFF", 0x9000, TestName = "TellsNothing_ShorterThanItsLength")]
    [TestCase("4502010299", 0x9000, TestName = "TellsNothing_LongerThanItsLength")]
    [TestCase("45", 0x9000, TestName = "TellsNothing_TagAlone")]
    [TestCase("4602AABB", 0x9000, TestName = "TellsNothing_AnotherTag")]
    [TestCase("7F210101", 0x9000, TestName = "TellsNothing_AnotherConstructedTag")]
    public void SourceThatTellsNothing_ThenTheNext_ThenNone(string data, int statusWord)
    {
        var nothing = Says(data, (ushort)statusWord);
        Assert.That(Told(Product(new IdentitySource.CardImageNumber(), new IdentitySource.DataObject(0xDF01)), nothing, Says("DF010155")),
            Is.EqualTo("DF0155"));
        var none = Of(Product(new IdentitySource.CardImageNumber(), new IdentitySource.DataObject(0xDF01)), Kdd, nothing, Says("", 0x6A88));
        Assert.That((none.Card, none.Detail),
            Is.EqualTo(((CardId?)null, "nothing in card image number, data object DF01 tells the card from others")));
        Assert.That(Told(Product(new IdentitySource.IssuerAndCardNumber()), Says("420155"), nothing), Is.Null, "one half is not enough");
    }

    [Test]
    public void BareValue_IsRead_UnlessItLooksLikeAnObject()
    {
        string? Other(ushort tag, string data) => Told(Product(new IdentitySource.DataObject(tag)), Says(data));
        Assert.That(Told(Product(new IdentitySource.CardImageNumber()), Says("0102030405")), Is.EqualTo("00450102030405"));
        Assert.That(Other(0xDF01, "0000000400"), Is.EqualTo("DF010000000400"), "padding begins no object");
        Assert.That(Other(0xDF01, "4602AABBCC"), Is.EqualTo("DF014602AABBCC"), "no whole object");
        Assert.That(Other(0xDF01, "DF"), Is.Null, "cut within the tag");
        Assert.That(Other(0x9F7F, Cplc()[6..]), Is.EqualTo("9F7F" + Cplc()[6..]));
        Assert.That(Other(0x9F7F, Cplc()[6..^2]), Is.Null, "CPLC has 42 bytes");
        Assert.That(Other(0x9F7F, "4628" + Cplc()[10..]), Is.EqualTo("9F7F4628" + Cplc()[10..]), "42 bytes are CPLC, whatever is in them");
    }

    [Test]
    public void CplcThatWasCut_TellsNothing_WhereverItWasCut()
    {
        var whole = Cplc();
        for (var length = 2; length < whole.Length; length += 2)
        {
            Assert.That(Told(Product(new IdentitySource.ProductionLifeCycle()), Says(whole[..length])), Is.Null, whole[..length]);
            Assert.That(Told(Product(new IdentitySource.DataObject(0x9F7F)), Says(whole[..length])), Is.Null, whole[..length]);
        }
    }

    [TestCase("45020102030405060708090A0B0C0D0E")]
    [TestCase("460E0102030405060708090A0B0C0D0E")]
    public void NumberOfOurs_Bare_IsKnownByItself_WhateverItBeginsWith(string bare)
    {
        var number = ByteString.FromHex(bare);
        var known = Profile.IdentityOf(Product(Assigned), Ready(Kdd, Says(bare), Says(Cplc())), other => other == number);
        Assert.That((known.Card!.Value.ToString(), known.Kind), Is.EqualTo(("0045" + bare, IdentityKind.Given)));
        UnwrapResult Card(string data) => new UnwrapResult.Authenticated(ByteString.FromHex(data), 0x9000);
        Assert.That(Profile.JudgeAssign(Product(Assigned), number, ScriptStop.Completed,
            [new CommandOutcome(default, Card("")), new CommandOutcome(default, Card(bare))]), Is.InstanceOf<Verdict.Genuine>());
    }

    [Test]
    public void UnusableLengthsAndSerials_TellNothing()
    {
        Assert.That(Told(Product(new IdentitySource.CardImageNumber()), Says("4521" + new string('5', 66))), Is.Null, "33 bytes");
        Assert.That(Told(Product(new IdentitySource.CardImageNumber()), Says("4520" + new string('5', 64))), Is.Not.Null);
        Assert.That(Told(Product(new IdentitySource.DataObject(0xDF01)), Says("DF0131" + new string('5', 98))), Is.Null, "49 bytes");
        Assert.That(Told(Product(new IdentitySource.DataObject(0xDF01)), Says("DF0130" + new string('5', 96))), Is.Not.Null);
        Assert.That(Told(Product(new IdentitySource.IssuerAndCardNumber()), Says("4211" + new string('5', 34)), Says("450101")), Is.Null,
            "17 bytes");
        foreach (var serial in new[] { "00000000", "FFFFFFFF" }) Assert.That(Told(Product(new IdentitySource.ProductionLifeCycle()),
            Says(Cplc(serial))), Is.Null, serial);
        Assert.That(Told(Product(new IdentitySource.ProductionLifeCycle()), Says(Cplc()[..40])), Is.Null);
        foreach (var data in new[] { new string('0', 20), new string('F', 20) }) Assert.That(Of(Sample.Product(), data).Card, Is.Null,
            data);
    }

    [Test]
    public void NumberOfOurs_IsTheCard_AnythingElseInItsPlace_IsABlankOne()
    {
        var product = Product(Assigned);
        Assert.That(Profile.Open(product, new byte[8]).Select(c => c.Apdu.ToBytes().ToString()[..8]),
            Is.EqualTo(new[] { "00A40400", "80CA0045", "80CA9F7F", "80503000" }));
        var numbered = Of(product, Kdd, Says("4510" + Number), Says(Cplc()));
        Assert.That((numbered.Card!.Value.ToString(), numbered.Kind), Is.EqualTo(("0045" + Number, IdentityKind.Given)));
        foreach (var other in new[] { Says("", 0x6A88), Says("45020102"), Says("4510" + new string('5', 32)) })
        {
            var blank = Of(product, Kdd, other, Says(Cplc()));
            Assert.That((blank.Card!.Value.ToString(), blank.Kind), Is.EqualTo(("0000" + Kdd + Chip, IdentityKind.Blank)),
                "its tries are counted for what it tells of itself");
        }
        Assert.That(Of(product, Kdd, Says("", 0x6A88), Says("", 0x6A88)).Card!.Value.ToString(), Is.EqualTo("0000" + Kdd));
    }

    /// <summary>Only what is said to be absent can be told from everything else by its status word.</summary>
    [Test]
    public void CardWithoutANumber_IsBare_WhenItSaysSoOfAllThatIsReadAgain()
    {
        var (none, other, chip) = (Says("", 0x6A88), Says("45020102"), Says(Cplc()));
        Assert.That(Of(Product(Assigned), Kdd, none, chip).IsBare, Is.True);
        Assert.That(Of(Product(Assigned), Kdd, none, none).IsBare, Is.True, "the chip's data are not read again");
        foreach (var refused in new[] { other, Says("", 0x6985), Says("", 0x6D00), Says("", 0x6283), Says("") })
            Assert.That(Of(Product(Assigned), Kdd, refused, chip).IsBare, Is.False);
        Assert.That(Of(Product(Assigned), Kdd, Says("4510" + Number), chip).IsBare, Is.False, "it has a number");
        var two = Product(new IdentitySource.DataObject(0xDF01), Assigned);
        Assert.That((Of(two, Kdd, none, none, chip).IsBare, Of(two, Kdd, Says("DF0100"), none, chip).IsBare), Is.EqualTo((true, false)));
        Assert.That(Profile.IdentityReads(two).All(read => ExpectedStatus.Admits(read.Expected, 0x9000)), Is.True);
        Assert.That(Profile.IdentityReads(two, isBare: true).Select(read => string.Join(" ", read.Expected.Select(w => $"{w:X4}"))),
            Is.EqualTo(new[] { "6A88", "6A88" }));
    }

    [Test]
    public void Inside_TheSameAgain_Fits_AnythingElse_DoesNot()
    {
        var product = Product(new IdentitySource.DataObject(0xDF01), new IdentitySource.CardImageNumber());
        var ready = Ready(Kdd, Says("", 0x6A88), Says("45020102"));
        var before = Profile.IdentityOf(product, ready, _ => false);
        ClaimedIdentity? Inside(params UnwrapResult[] answers) =>
            Profile.IdentityInside(product, ready, [.. answers.Select(a => new CommandOutcome(default, a))], _ => false);
        UnwrapResult Card(string data) => new UnwrapResult.Authenticated(ByteString.FromHex(data), 0x9000);
        var error = new UnwrapResult.Unauthenticated(0x6A88);
        Assert.That(Inside(error, Card("45020102"))!.Fits(before), Is.True);
        Assert.That(Inside(error, Card("45020103"))!.Fits(before), Is.False);
        Assert.That(Inside(error, error)!.Fits(before), Is.False);
        Assert.That(Inside(Card("DF010155"), Card("45020102"))!.Fits(before), Is.False, "an earlier source was hidden before");
        Assert.That(Inside(error, new UnwrapResult.NoProtection(ByteString.FromHex("45020102"), 0x9000))!.Fits(before), Is.False,
            "at this level only the card's MAC counts");
        Assert.That(Inside(error), Is.Null, "not heard");
        Assert.That(Inside(error, new UnwrapResult.Breach(ChannelBreach.WrongMac, 0x9000)), Is.Null, "the channel is dead");
    }

    [Test]
    public void Inside_BlankCard_HasNoNumberEither()
    {
        var product = Product(Assigned);
        var ready = Ready(Kdd, Says("", 0x6A88), Says(Cplc()));
        var before = Profile.IdentityOf(product, ready, number => number == Number);
        ClaimedIdentity? Inside(UnwrapResult answer) =>
            Profile.IdentityInside(product, ready, [new CommandOutcome(default, answer)], number => number == Number);
        Assert.That(Inside(new UnwrapResult.Unauthenticated(0x6A88))!.Fits(before), Is.True);
        Assert.That(Inside(new UnwrapResult.Authenticated(ByteString.FromHex("4510" + Number), 0x9000))!.Fits(before), Is.False,
            "the terminal hid the number");
    }

    [TestCase(0x90, "80E29000124510A0A1A2A3A4A5A6A7A8A9AAABACADAEAF00")]
    [TestCase(0x88, "80E2880015007012" + "4510A0A1A2A3A4A5A6A7A8A9AAABACADAEAF00")]
    public void Assign_WritesOneSeries_AndReadsBack(int p1, string command)
    {
        var commands = Profile.Assign(Product(Assigned with { StoreDataP1 = (byte)p1 }), Number).Select(c => c.Apdu.ToBytes().ToString());
        Assert.That(commands, Is.EqualTo(new[] { command, "80CA004500" }));
        var other = Product(Assigned with { Tag = 0xDF10, Command = 0x00DA0110 });
        Assert.That(Profile.Assign(other, Number).Select(c => c.Apdu.ToBytes().ToString()),
            Is.EqualTo(new[] { "00DA011010" + Number + "00", "80CADF1000" }));
        Assert.That(Profile.AssignCommands(other), Is.EqualTo(2));
        Assert.That(Sample.Plan(other).Shape,
            Is.EqualTo(Sample.Plan(other).Shape with { OpenCommands = 4, AuthenticateCommands = 2, AssignCommands = 2 }));
        Assert.That(Profile.AssignCommands(Sample.Product()), Is.Zero);
    }

    [Test]
    public void Assign_IsDone_WhenTheCardItselfTellsTheNumber_AndNeverElse()
    {
        Verdict Judge(ScriptStop stop, params UnwrapResult[] answers) =>
            Profile.JudgeAssign(Product(Assigned), Number, stop, [.. answers.Select(a => new CommandOutcome(default, a))]);
        UnwrapResult Card(string data) => new UnwrapResult.Authenticated(ByteString.FromHex(data), 0x9000);
        var told = Card("4510" + Number);
        Assert.That(Judge(ScriptStop.Completed, Card(""), told),
            Is.EqualTo(new Verdict.Genuine(new CardId(ByteString.FromHex("0045" + Number)), IdentityKind.Given)));
        Assert.That(Judge(ScriptStop.Completed, Card(""), Card("45020102")), Is.EqualTo(new Verdict.Rejected(CardRejection.NoIdentity)),
            "it keeps its own");
        Assert.That(Judge(ScriptStop.UnexpectedStatus, new UnwrapResult.Unauthenticated(0x6A80)),
            Is.EqualTo(new Verdict.Rejected(CardRejection.NoIdentity)), "it takes none");
        Assert.That(Judge(ScriptStop.Completed, Card(""), new UnwrapResult.NoProtection(ByteString.FromHex("4510" + Number), 0x9000)),
            Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Judge(ScriptStop.Completed, Card(""), new UnwrapResult.Breach(ChannelBreach.WrongMac, 0x9000)),
            Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Judge(ScriptStop.Completed, told), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Judge(ScriptStop.Gap), Is.EqualTo(new Verdict.InDoubt()));
        Assert.That(Judge(ScriptStop.CardLost, Card("")), Is.EqualTo(new Verdict.CardLost()));
    }
}
