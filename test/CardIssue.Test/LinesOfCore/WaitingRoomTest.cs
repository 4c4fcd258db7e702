using System.Net;
using CardIssue.Core.Lines;
using CardIssue.Core.Primitives;

namespace CardIssue.Test.LinesOfCore;

[TestFixture]
public class WaitingRoomTest
{
    private readonly List<string> _turnedOut = [];

    [SetUp]
    public void Forget() => _turnedOut.Clear();

    private WaitingRoom.Guest Enter(WaitingRoom room, string address, string name) => room.Enter(LinePlace.Of(IPAddress.Parse(address)), () => _turnedOut.Add(name));

    [Test]
    public void PlaceAtItsCap_OneMore_TheLongestOfThatPlaceGoes()
    {
        var room = new WaitingRoom(10, 2);
        Enter(room, "10.0.0.1", "elsewhere");
        var first = Enter(room, "10.0.0.2", "first");
        Enter(room, "10.0.0.2", "second");
        Assert.That(_turnedOut, Is.Empty);
        Enter(room, "10.0.0.2", "third");
        Assert.That(_turnedOut, Is.EqualTo(new[] { "first" }));
        Assert.That((first.IsTurnedOut, room.Count), Is.EqualTo((true, 3)));
    }

    [Test]
    public void FullRoom_OneMore_TheLongestOfTheFullestPlaceGoesAndNotWhoCameFirst()
    {
        var room = new WaitingRoom(4, 4);
        Enter(room, "10.0.0.1", "quiet");
        for (var i = 1; i <= 3; i++) Enter(room, "10.0.0.2", $"loud {i}");
        Enter(room, "10.0.0.3", "comer");
        Assert.That(_turnedOut, Is.EqualTo(new[] { "loud 1" }));
        Enter(room, "10.0.0.3", "comer 2");
        Assert.That(_turnedOut, Is.EqualTo(new[] { "loud 1", "loud 2" }), "two places have two each: the one whose longest came earlier gives way");
    }

    [Test]
    public void CrowdThatSaysNothing_AtThePlaceOfOneWhoSpoke_DrivesOutItself()
    {
        var room = new WaitingRoom(8, 4);
        var honest = Enter(room, "10.0.0.1", "honest");
        honest.Speak();
        honest.Speak();
        for (var i = 1; i <= 100; i++) Enter(room, "10.0.0.1", $"silent {i}");
        Assert.That(_turnedOut, Is.EqualTo(Enumerable.Range(1, 97).Select(i => $"silent {i}")));
        Assert.That((honest.IsTurnedOut, room.Count), Is.EqualTo((false, 4)));
        honest.Dispose();
        Assert.That(room.Count, Is.EqualTo(3));
    }

    [Test]
    public void CrowdThatSpokeAndThenSaysNothing_OneMore_GetsAPlace()
    {
        var room = new WaitingRoom(8, 4);
        for (var i = 1; i <= 4; i++) Enter(room, "10.0.0.1", $"stalled {i}").Speak();
        var comer = Enter(room, "10.0.0.1", "comer");
        Assert.That((_turnedOut.Single(), comer.IsTurnedOut), Is.EqualTo(("stalled 1", false)));
    }

    [Test]
    public void TurnedOut_Speaks_StaysOut()
    {
        var room = new WaitingRoom(1, 1);
        var gone = Enter(room, "10.0.0.1", "gone");
        Enter(room, "10.0.0.1", "here");
        gone.Speak();
        Assert.That((room.Count, gone.IsTurnedOut), Is.EqualTo((1, true)));
    }

    [Test]
    public void OneLetIn_OneMoreThanTheCap_IsNeverTurnedOutAnyMore()
    {
        var room = new WaitingRoom(1, 1);
        Enter(room, "10.0.0.1", "let in").Dispose();
        Assert.That(room.Count, Is.Zero);
        Enter(room, "10.0.0.1", "next");
        Enter(room, "10.0.0.1", "last").Dispose();
        Assert.That(_turnedOut, Is.EqualTo(new[] { "next" }));
        Assert.That(room.Count, Is.Zero);
    }

    [Test]
    public void TurnedOut_Disposed_CountsOnce()
    {
        var room = new WaitingRoom(1, 1);
        var gone = Enter(room, "10.0.0.1", "gone");
        var here = Enter(room, "10.0.0.2", "here");
        gone.Dispose();
        gone.Dispose();
        Assert.That(room.Count, Is.EqualTo(1));
        here.Dispose();
        Assert.That(room.Count, Is.Zero);
    }

    [TestCase("10.1.2.3", "10.1.2.3")]
    [TestCase("::ffff:10.1.2.3", "10.1.2.3")]
    [TestCase("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64")]
    public void Address_Place_IsItsHostOrItsNetworkOf64Bits(string address, string place) =>
        Assert.That(LinePlace.Of(IPAddress.Parse(address)).ToString(), Is.EqualTo(place));

    [Test]
    public void NoAddress_Place_IsTheLine()
    {
        var place = LinePlace.Of(new LinePeer(new LineNumber(7), null, default, default));
        Assert.That(place.ToString(), Is.EqualTo("line 7"));
        Assert.That(place, Is.Not.EqualTo(LinePlace.Of(new LinePeer(new LineNumber(8), null, default, default))));
    }
}
