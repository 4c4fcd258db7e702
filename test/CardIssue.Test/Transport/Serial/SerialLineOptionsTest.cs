using System.IO.Ports;
using CardIssue.Transport.Serial;

namespace CardIssue.Test.Transport.Serial;

public class SerialLineOptionsTest
{
    private static readonly (string Name, Action<SerialLineOptions> Spoil)[] Wrong =
    [
        ("BaudRate", o => o.BaudRate = 299),
        ("BaudRate", o => o.BaudRate = SerialLineOptions.MaxBaudRate + 1),
        ("FrameSize", o => o.FrameSize = 15),
        ("FrameSize", o => o.FrameSize = SerialLineOptions.MaxFrameSize + 1),
        ("Window", o => o.Window = 0),
        ("Window", o => o.Window = SerialLineOptions.MaxWindow + 1),
        ("N2", o => o.N2 = 0),
        ("N2", o => o.N2 = 256),
        ("Parity", o => o.Parity = (Parity)9),
        ("StopBits", o => o.StopBits = StopBits.None),
        ("T1", o => o.T1 = TimeSpan.Zero),
        ("T2", o => (o.T1, o.T2) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1))),
        ("T3", o => o.T3 = TimeSpan.FromMilliseconds(1)),
        ("MaxReopenDelay", o => o.MaxReopenDelay = TimeSpan.FromMilliseconds(1)),
    ];

    [Test]
    public void Defaults_Validated_AreRight() => Assert.That(new SerialLineOptions().Validate, Throws.Nothing);

    [Test]
    public void EachValueOutOfRange_Validated_IsNamed()
    {
        foreach (var (name, spoil) in Wrong)
        {
            var options = new SerialLineOptions();
            spoil(options);
            Assert.That(options.Validate, Throws.ArgumentException.With.Property("ParamName").EqualTo(name));
        }
    }

    [Test]
    public void SpeedsFromSlowToFast_LineOptions_AreValidAndShorter()
    {
        var last = TimeSpan.MaxValue;
        foreach (var baud in new[] { 1_200, 9_600, 115_200, SerialLineOptions.MaxBaudRate })
        {
            var options = new SerialLineOptions { BaudRate = baud };
            options.Validate();
            var line = options.CreateLineOptions();
            Assert.That(line.Validate, Throws.Nothing);
            Assert.That(line.FrameTimeout, Is.LessThan(last));
            last = line.FrameTimeout;
        }
    }

    [Test]
    public void CharacterTime_WithParityAndTwoStopBits_CountsEveryBit()
    {
        Assert.That(new SerialLineOptions().CharacterTime, Is.EqualTo(TimeSpan.FromSeconds(10 / 9600.0)));
        Assert.That(new SerialLineOptions { Parity = Parity.Even, StopBits = StopBits.Two }.CharacterTime, Is.EqualTo(TimeSpan.FromSeconds(12 / 9600.0)));
    }
}
